"""List and load the implementations: the folders of impls/ that have an `adapter.py`. Listing imports no framework."""

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from impls.adapter import Adapter
from impls.contract import DEFAULT_NETWORKS, NETWORKS, Settings


class Variant(NamedTuple):
    """An implementation and, for Keras, its backend, which must be chosen before the import."""

    name: str
    implementation: str  # its folder in impls/
    packages: tuple[str, ...]  # that must be installed
    environment: dict[str, str]  # variables that must be set before the import
    networks: tuple[str, ...] = DEFAULT_NETWORKS  # that it is written for
    problem: str = ""  # why it cannot be loaded, if its files already show it
    importer: Callable[[str], ModuleType] = importlib.import_module  # of its files, by their full names


class Case(NamedTuple):
    """A variant, and one of its networks."""

    variant: str
    network: str

    @property
    def implementation(self) -> str:
        """The folder of the variant in impls/."""
        return variants()[self.variant].implementation

    def __str__(self) -> str:
        return "-".join(self)


FOLDER = Path(__file__).parent
_loaded: set[str] = set()  # variants that this process has loaded


class PackageNotInstalled(ModuleNotFoundError):
    """A package that a variant needs is not installed in this interpreter."""


class NotWritten(ValueError):
    """The tutorial of a variant does not have the requested network."""


class BrokenImplementation(ImportError):
    """A folder of impls/ cannot be loaded as an implementation; the message names it, and the reason."""


def names() -> tuple[str, ...]:
    """Return the names of the implementations, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("[!._]*/adapter.py")))


@cache
def variants() -> dict[str, Variant]:
    """Return all variants by name. A tuple `BACKENDS` in adapter.py makes one of each, chosen by <FOLDER>_BACKEND.

    A variant needs the packages that mnist.py and adapter.py import. A backend is named as its package. The networks
    are the keys of the dict `MODELS` in mnist.py, or all if there is none, and those in each other `Network.file`. A
    file that cannot be read breaks its own variant only. The module that the environment variable MNIST_VARIANTS names
    adds what its `variants(known)` returns.
    """
    known: dict[str, Variant] = {}
    for name in names():
        try:
            known |= {variant.name: variant for variant in _variants_of(name)}
        except (OSError, SyntaxError, ValueError) as error:
            known[name] = Variant(name, name, (), {}, problem=f"impls/{name} is no implementation: {error}")
    extra = os.environ.get("MNIST_VARIANTS")
    return known | importlib.import_module(extra).variants(known) if extra else known


def cases(chosen: Iterable[str], networks: Iterable[str]) -> list[Case]:
    """Return each of these networks in each of the chosen variants that is written for it."""
    chosen = list(chosen)
    return [
        Case(variant, network) for network in networks for variant in chosen if network in variants()[variant].networks
    ]


def load(variant: str, settings: Settings | None = None) -> Adapter:
    """Import the framework of `variant` into this process and build the network of `settings`.

    Raises what `import_` raises, and `NotWritten` if the tutorial of the variant does not have that network.
    """
    module, settings = import_(variant), settings or Settings()
    written = variants()[variant].networks
    if settings.network not in written:
        raise NotWritten(f"{variant} is not written for {settings.network!r}: it has {', '.join(written)}")
    if not hasattr(module, "Adapter"):
        folder = variants()[variant].implementation
        raise BrokenImplementation(f"impls/{folder} is no implementation: its adapter.py has no class Adapter")
    return module.Adapter(settings)


def import_(variant: str, file: str = "adapter") -> ModuleType:
    """Import a file of the variant's folder, and with it the framework, into this process; return that module.

    Raises `ValueError` for an unknown variant, and `BrokenImplementation` for one with a `problem`. Raises
    `PackageNotInstalled` for a missing package, and `RuntimeError` if an earlier import of this process conflicts.
    Other exceptions of the import are passed on.
    """
    if variant not in variants():
        raise ValueError(f"unknown variant {variant!r}, expected one of {', '.join(variants())}")
    chosen = variants()[variant]
    if chosen.problem:
        raise BrokenImplementation(chosen.problem)
    for package in missing(variant):
        raise PackageNotInstalled(f"{package} is not installed, and {variant} needs it", name=package)
    _check_import_conflicts(chosen)
    os.environ.update(chosen.environment)
    imported = chosen.importer(f"impls.{chosen.implementation}.{file}")
    _loaded.add(variant)
    return imported


def has_file(variant: str, chapter: str) -> bool:
    """Return whether the folder of the variant has this chapter."""
    return (FOLDER / variants()[variant].implementation / f"{chapter}.py").exists()


def missing(variant: str) -> list[str]:
    """Return the packages that the variant needs and that are not installed in this interpreter."""
    specs = {package: importlib.util.find_spec(package) for package in variants()[variant].packages}
    return [package for package, spec in specs.items() if spec is None or spec.origin is None]  # a folder has no origin


def _variants_of(name: str) -> list[Variant]:
    code = _statements(name, "mnist") + _statements(name, "adapter")
    packages, networks = _imported_packages(code), _assigned("MODELS", code) or DEFAULT_NETWORKS
    for file in dict.fromkeys(network.file for network in NETWORKS.values() if network.file != "mnist"):
        networks += _assigned("MODELS", _statements(name, file))
    return [
        Variant(f"{name}-{backend}", name, (*packages, backend), {f"{name.upper()}_BACKEND": backend}, networks)
        for backend in _assigned("BACKENDS", code)
    ] or [Variant(name, name, packages, {}, networks)]


def _statements(name: str, file: str) -> list[ast.stmt]:
    """Return the code of a file in the folder `name`, or nothing if there is no such file."""
    path = FOLDER / name / f"{file}.py"
    return ast.parse(path.read_bytes(), path.name).body if path.exists() else []


def _imported_packages(code: list[ast.stmt]) -> tuple[str, ...]:
    """Return the third-party packages that these statements import, in order."""
    modules = []
    for statement in code:
        if isinstance(statement, ast.Import):
            modules += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            modules.append(statement.module)
    packages = dict.fromkeys(module.partition(".")[0] for module in modules)
    return tuple(package for package in packages if package not in {*sys.stdlib_module_names, "impls"})


def _assigned(name: str, code: list[ast.stmt]) -> tuple[str, ...]:
    """Return the strings of the tuple, or the keys of the dict, that is assigned to `name`; () if none is.

    Raises `ValueError` unless they are written out.
    """
    for statement in code:
        if isinstance(statement, ast.Assign) and name in map(ast.unparse, statement.targets):
            items = getattr(statement.value, "keys", None) or getattr(statement.value, "elts", [])
            strings = tuple(getattr(item, "value", None) for item in items)
            if not strings or not all(isinstance(each, str) for each in strings):
                raise ValueError(f"{name} must be written out with strings, got {ast.unparse(statement.value)[:80]}")
            return strings
    return ()


def _check_import_conflicts(chosen: Variant) -> None:
    """Raise `RuntimeError` for a second backend of Keras, and for TensorFlow with PyTorch, which aborts the process."""
    if chosen.name in _loaded:
        return
    rivals = {"tensorflow": "torch", "torch": "tensorflow"}
    conflicts = [f"imported {rivals[package]}" for package in chosen.packages if rivals.get(package) in sys.modules]
    for other in map(variants().get, _loaded):
        alike = (other.packages, other.environment) == (chosen.packages, chosen.environment)
        if not alike and ("numpy",) not in (other.packages, chosen.packages):
            conflicts.append(f"loaded {other.name}")
    if conflicts:
        raise RuntimeError(
            f"{chosen.name} cannot be loaded here: this process has {conflicts[0]}. Use a separate process for each."
        )
