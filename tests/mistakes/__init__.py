"""Deliberate mistakes: each class of tests/mistakes/FOLDER/FILE.py changes or replaces members of impls/FOLDER/FILE.py.

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
from textwrap import dedent, indent
from types import ModuleType
from typing import NamedTuple

import impls
from impls import Variant
from impls.contract import NETWORKS
from tests.mistakes import catchers

FOLDER = Path(__file__).parent


class Mistake:
    """The base class of the mistakes.

    - `caught_by`: the test that must fail, one of `catchers`.
    - `network`: the network for which it must fail; in a file that is named like a network, this one by default.
    - `change`: a function or `Class.method` in the file of impls/, and a dict of texts in it and their replacements.

    Each other member replaces the one of the same name in that file, or in adapter.py of that folder if the file has
    none of that name.
    """

    caught_by = ""
    network = "mlp"
    change = "", {}


class Listed(NamedTuple):
    """A mistake as its file states it."""

    folder: str  # of impls/
    file: str
    name: str
    caught_by: str  # a test; `{}` stands for the variant and the network
    network: str
    node: ast.ClassDef  # with its `change` written out

    def test(self, variant: str) -> str:
        """Return the id of the test that catches the mistake, for this variant."""
        return self.caught_by.format(f"{variant}-{self.network}")

    def members(self) -> dict:
        """Import the mistake, and with it the framework; return what replaces functions and classes, by their names."""
        module = import_module(f"{__name__}.{self.folder}.{self.file}")
        members = {name: each for name, each in vars(getattr(module, self.name)).items() if name not in vars(Mistake)}
        changed = [node for node in self.node.body if getattr(node, "name", None) not in {None, *members}]
        names = vars(import_module(f"impls.{self.folder}.{self.file}")) | vars(module)
        exec(compile(ast.Module(changed, []), f"<{self.name}>", "exec"), names)
        return members | {node.name: names[node.name] for node in changed}


@cache
def mistakes() -> tuple[Listed, ...]:
    """Return all mistakes, by file, in the order in which they are written."""
    return tuple(
        Listed(path.parent.name, path.stem, node.name, _caught_by(node), _network(node, path.stem), node)
        for path in sorted(FOLDER.glob("*/*.py"))
        for node in ast.parse(source(path)).body
        if _is_mistake(node)
    )


@cache
def source(file: Path) -> str:
    """Return the text of a file of mistakes, with each `change` written out as a definition."""
    text = file.read_text(encoding="utf-8")
    lines, original = text.splitlines(), impls.FOLDER / file.parent.name / file.name
    for node in filter(_is_mistake, reversed(ast.parse(text).body)):
        if change := _assigned(node, "change"):
            definition = _changed(original, *ast.literal_eval(change))
            lines[change.lineno - 1 : change.end_lineno] = indent(definition, "    ").splitlines()
    return "\n".join(lines)


def _changed(file: Path, name: str, replacements: dict[str, str]) -> str:
    """Return the code of a function, or a subclass with the method of that name, with these texts replaced.

    Its docstring is left out. Raises `ValueError` if it does not have one of the texts.
    """
    text = file.read_text(encoding="utf-8")
    node, lines = ast.parse(text), text.splitlines()
    for part in name.split("."):
        node = next(each for each in node.body if getattr(each, "name", None) == part)
    first = min(each.lineno for each in (node, *node.decorator_list))
    body = node.body[1 if ast.get_docstring(node) else 0]
    code = dedent("\n".join([*lines[first - 1 : node.body[0].lineno - 1], *lines[body.lineno - 1 : node.end_lineno]]))
    for old, new in replacements.items():
        if old not in code:
            raise ValueError(f"{file}: {name} has no {old!r}")
        code = code.replace(old, new)
    owner = name.rpartition(".")[0]
    return f"class {owner}({file.stem}.{owner}):\n{indent(code, '    ')}" if owner else code


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


def _is_mistake(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef) and [ast.unparse(base) for base in node.bases] == ["Mistake"]


def _assigned(node: ast.ClassDef, name: str) -> ast.expr | None:
    return next((each.value for each in node.body if isinstance(each, ast.Assign) and each.targets[0].id == name), None)


def _caught_by(node: ast.ClassDef) -> str:
    return getattr(catchers, _assigned(node, "caught_by").attr)


def _network(node: ast.ClassDef, file: str) -> str:
    if value := _assigned(node, "network"):
        return value.value
    return file if file in NETWORKS else Mistake.network
