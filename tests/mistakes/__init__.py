"""Deliberate mistakes: each class of tests/mistakes/FOLDER/FILE.py replaces members of impls/FOLDER/FILE.py.

With MNIST_VARIANTS=tests.mistakes in the environment, each is a variant of its own, such as `pytorch-divided_by_256`:
in pytest, in its worker processes, and for `python -m impls`. They are listed without importing a framework.
"""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from impls import Variant
from tests.mistakes import catchers

FOLDER = Path(__file__).parent


class Mistake:
    """The base class of the mistakes.

    `caught_by` is the test that must fail, one of `catchers`, for this `network`. Each other member replaces the one of
    the same name in the file of impls/, or in adapter.py of that folder if the file has none of that name.
    """

    caught_by = ""
    network = "mlp"


class Listed(NamedTuple):
    """A mistake as its file states it."""

    folder: str  # of impls/
    file: str
    name: str
    caught_by: str  # a test; `{}` stands for the variant and the network
    network: str
    node: ast.ClassDef

    def test(self, variant: str) -> str:
        """Return the id of the test that catches the mistake, for this variant."""
        return self.caught_by.format(f"{variant}-{self.network}")

    def members(self) -> dict:
        """Import the mistake, and with it the framework; return what replaces functions and classes, by their names."""
        mistake = getattr(import_module(f"{__name__}.{self.folder}.{self.file}"), self.name)
        return {name: member for name, member in vars(mistake).items() if name not in vars(Mistake)}


@cache
def mistakes() -> tuple[Listed, ...]:
    """Return all mistakes, by file, in the order in which they are written."""
    return tuple(
        Listed(path.parent.name, path.stem, node.name, _caught_by(node), _network(node), node)
        for path in sorted(FOLDER.glob("*/*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and [ast.unparse(base) for base in node.bases] == ["Mistake"]
    )


def variants(known: dict[str, Variant]) -> dict[str, Variant]:
    """Return a variant for each mistake in each of the `known` variants of its folder."""
    return {
        f"{variant.name}-{mistake.name}": variant._replace(
            name=f"{variant.name}-{mistake.name}", importer=partial(imported, mistake)
        )
        for mistake in mistakes()
        for variant in known.values()
        if variant.implementation == mistake.folder
    }


@cache
def imported(mistake: Listed, name: str) -> ModuleType:
    """Import the module `name` of the mistake's folder once more, for this mistake alone, with its members replaced."""
    package = f"impls.{mistake.folder}"
    with _imported_anew(package, f"{__name__}.{mistake.folder}"):
        for member, replacement in mistake.members().items():
            module = import_module(f"{package}.{mistake.file}")
            if not hasattr(module, member):
                module = import_module(f"{package}.adapter")
            _replace(module, member, replacement)
        return import_module(name)


def _replace(module: ModuleType, member: str, replacement: object) -> None:
    """Replace a member, and with it the model of that name in `MODELS`. Raises `AttributeError` if there is none."""
    replaced = getattr(module, member)
    setattr(module, member, replacement)
    for network, model in getattr(module, "MODELS", {}).items():
        if model is replaced:
            module.MODELS[network] = replacement


@contextmanager
def _imported_anew(*packages: str) -> Iterator[None]:
    """Let modules of these packages be imported as if for the first time; bring the present ones back at the end."""

    def taken_out() -> dict[str, ModuleType]:
        ours = [name for name in sys.modules if any(f"{name}.".startswith(f"{package}.") for package in packages)]
        return {name: sys.modules.pop(name) for name in ours}

    present = taken_out()
    try:
        yield
    finally:
        taken_out()
        sys.modules.update(present)
        for name in {*packages} & {*present}:
            parent, _, child = name.rpartition(".")
            setattr(sys.modules[parent], child, present[name])


def _assigned(node: ast.ClassDef, name: str) -> ast.expr | None:
    return next((each.value for each in node.body if isinstance(each, ast.Assign) and each.targets[0].id == name), None)


def _caught_by(node: ast.ClassDef) -> str:
    return getattr(catchers, _assigned(node, "caught_by").attr)


def _network(node: ast.ClassDef) -> str:
    value = _assigned(node, "network")
    return value.value if value else Mistake.network
