"""The implementations: a folder with an `adapter.py` is one. They are listed without importing a framework."""

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from impls.adapter import Adapter
from impls.contract import COMPARED, Settings


class Variant(NamedTuple):
    """An implementation with what must be chosen before its framework is imported."""

    name: str
    implementation: str  # its folder in impls/
    packages: tuple[str, ...]  # that must be installed
    environment: dict[str, str]  # variables that must be set before the import
    networks: tuple[str, ...] = COMPARED  # that it is written for
    flaw: str = ""  # why it cannot be loaded, if its files already show it
    importer: Callable[[str], ModuleType] = importlib.import_module  # of its files, by their full names


class Entrant(NamedTuple):
    """A network as a variant has it."""

    variant: str
    network: str

    def __str__(self) -> str:
        return "-".join(self)


FOLDER = Path(__file__).parent
_loaded: set[str] = set()  # variants that live in this process


class PackageNotInstalled(ModuleNotFoundError):
    """A variant needs a package that this interpreter does not have."""


class NotWritten(ValueError):
    """A variant is asked for a network that its tutorial does not have."""


class BrokenImplementation(Exception):
    """A folder in impls/ cannot be an implementation; the message says which, and why."""


def names() -> tuple[str, ...]:
    """Return the names of the implementations, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("[!._]*/adapter.py")))


@cache
def variants() -> dict[str, Variant]:
    """Return all variants by name. A tuple `BACKENDS` in adapter.py makes one of each, chosen by <FOLDER>_BACKEND.

    A variant needs the packages that mnist.py and adapter.py import. A backend is named as its package. The networks
    are the keys of the dict `MODELS` in mnist.py, or all if there is none. A file that cannot be read breaks its own
    variant only. The module that the environment variable MNIST_VARIANTS names adds what its `variants(found)` returns.
    """
    found: dict[str, Variant] = {}
    for name in names():
        try:
            found |= {variant.name: variant for variant in _variants_of(name)}
        except (OSError, SyntaxError, ValueError) as error:
            found[name] = Variant(name, name, (), {}, flaw=f"impls/{name} is no implementation: {error}")
    more = os.environ.get("MNIST_VARIANTS")
    return found | importlib.import_module(more).variants(found) if more else found


def entrants(chosen: Iterable[str], networks: Iterable[str]) -> list[Entrant]:
    """Return each of these networks in each of the chosen variants that is written for it."""
    chosen = list(chosen)
    return [
        Entrant(variant, network)
        for network in networks
        for variant in chosen
        if network in variants()[variant].networks
    ]


def load(variant: str, settings: Settings | None = None) -> Adapter:
    """Import the framework of `variant` into this process and build the network of `settings`.

    Raises what `import_` raises, and `NotWritten` if the tutorial of the variant does not have that network.
    """
    module, settings = import_(variant), settings or Settings()
    written = variants()[variant].networks
    if settings.network not in written:
        raise NotWritten(f"{variant} is not written for {settings.network!r}: it has {', '.join(written)}")
    return module.Adapter(settings)


def import_(variant: str, file: str = "adapter") -> ModuleType:
    """Import a file of the variant's folder, and with it the framework, into this process; return that module.

    Raises `ValueError` for an unknown variant, `BrokenImplementation` for one with a flaw, `PackageNotInstalled` for a
    missing package, and `RuntimeError` if what this process has imported already forbids it. Other exceptions of the
    import are passed on.
    """
    if variant not in variants():
        raise ValueError(f"unknown variant {variant!r}, expected one of {', '.join(variants())}")
    chosen = variants()[variant]
    if chosen.flaw:
        raise BrokenImplementation(chosen.flaw)
    for package in missing(variant):
        raise PackageNotInstalled(f"{package} is not installed, and {variant} needs it", name=package)
    _refuse_clash(chosen)
    os.environ.update(chosen.environment)
    imported = chosen.importer(f"impls.{chosen.implementation}.{file}")
    _loaded.add(variant)
    return imported


def has_file(variant: str, chapter: str) -> bool:
    """Return whether the folder of the variant has this chapter."""
    return (FOLDER / variants()[variant].implementation / f"{chapter}.py").exists()


def missing(variant: str) -> list[str]:
    """Return the packages that it needs and that this interpreter does not have."""
    specs = {package: importlib.util.find_spec(package) for package in variants()[variant].packages}
    return [package for package, spec in specs.items() if spec is None or spec.origin is None]  # a folder has no origin


def _variants_of(name: str) -> list[Variant]:
    tree = {file: _parsed(FOLDER / name / file) for file in ("mnist.py", "adapter.py")}
    packages = tuple(dict.fromkeys(package for each in tree.values() for package in _imported_packages(each)))
    networks = tuple(_assigned(tree["mnist.py"], "MODELS", COMPARED))
    backends = tuple(_assigned(tree["adapter.py"], "BACKENDS", ()))
    return [
        Variant(f"{name}-{backend}", name, (*packages, backend), {f"{name.upper()}_BACKEND": backend}, networks)
        for backend in backends
    ] or [Variant(name, name, packages, {}, networks)]


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes() if path.exists() else b"", path.name)


def _imported_packages(tree: ast.Module) -> Iterator[str]:
    """Third-party packages that the file imports at its top level, in order."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            modules = [node.module] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
        packages = {module.partition(".")[0]: None for module in modules}
        yield from (package for package in packages if package not in {*sys.stdlib_module_names, "impls"})


def _assigned(tree: ast.Module, name: str, default: tuple[str, ...]) -> list[str]:
    """The strings in the dict (its keys), tuple or list that the file assigns to `name`. Raises `ValueError`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and name in [getattr(target, "id", "") for target in node.targets]:
            items = getattr(node.value, "keys", None) or getattr(node.value, "elts", [])
            found = [getattr(item, "value", None) for item in items]
            if not found or not all(isinstance(each, str) for each in found):
                raise ValueError(f"{name} must be written out with strings, got {ast.unparse(node.value)[:80]}")
            return found
    return list(default)


def _refuse_clash(chosen: Variant) -> None:
    """One framework, one process: a backend is fixed at import, and TensorFlow and PyTorch together abort."""
    if chosen.name in _loaded:
        return
    for package, other in (("tensorflow", "torch"), ("torch", "tensorflow")):
        if package in chosen.packages and other in sys.modules:
            raise RuntimeError(
                f"{chosen.name} cannot be loaded here: this process has imported {other}, and with {package} beside it "
                "it would be aborted. Use a process of its own for each."
            )
    for name in _loaded:
        other = variants()[name]
        alike = (other.packages, other.environment) == (chosen.packages, chosen.environment)
        if not alike and {"numpy"} not in (set(other.packages), set(chosen.packages)):
            raise RuntimeError(f"{chosen.name} cannot be loaded here: this process has loaded {name} already")
