"""The implementations found in this folder, by file name. Looks without importing: a framework is loaded by `load`."""

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from impls.contract import COMPARED, Implementation, Settings


class Variant(NamedTuple):
    """An implementation with what must be chosen before its framework is imported."""

    name: str
    implementation: str  # file name in impls/, without .py
    packages: tuple[str, ...]  # what must be installed
    environment: dict[str, str]  # what must be set before the import
    networks: tuple[str, ...] = COMPARED  # that it is written for
    flaw: str = ""  # why it cannot be loaded, if its file already shows it


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
    """A variant is asked for a network that its file does not have."""


class BrokenImplementation(Exception):
    """A file in impls/ cannot be an implementation; the message says which, and why."""


def names() -> tuple[str, ...]:
    """Names of the implementations, in alphabetical order."""
    files = (path.stem for path in FOLDER.glob("*.py"))
    return tuple(sorted(stem for stem in files if stem != "contract" and not stem.startswith(("_", "."))))


@cache
def variants() -> dict[str, Variant]:
    """All variants by name. A file that assigns a tuple `BACKENDS` has one for each, chosen by <FILE>_BACKEND.

    A backend is named as the package that it needs. The networks are the keys of the dict that the file assigns to
    `MODELS`; a file without one, such as one that inherits from another's class, is taken to have all. What is wrong
    with one file is its own flaw, and nobody else's.
    """
    found: dict[str, Variant] = {}
    for name in names():
        try:
            found |= {variant.name: variant for variant in _variants_of(name)}
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
            file = f"{name}.py".encode(errors="backslashreplace").decode()
            shown = name if name.isidentifier() else file  # "keras-jax" alone would be taken for Keras on JAX
            found[shown] = Variant(shown, name, (), {}, flaw=f"impls/{file} is no implementation: {_reason(error)}")
    return found


def entrants(chosen: Iterable[str], networks: Iterable[str]) -> list[Entrant]:
    """Each of these networks in each of the chosen variants that is written for it."""
    chosen = list(chosen)
    return [
        Entrant(variant, network)
        for network in networks
        for variant in chosen
        if network in variants()[variant].networks
    ]


def _variants_of(name: str) -> list[Variant]:
    path = FOLDER / f"{name}.py"
    if not path.is_file():
        raise ValueError("it is not a file" if path.exists() else "it is a link to nothing")
    if not name.isidentifier() or (FOLDER / name / "__init__.py").exists():
        raise ValueError("Python cannot import a file of this name from here, give it another")
    tree = ast.parse(path.read_bytes())
    packages, networks = _imported_packages(tree), _networks(tree)
    return [
        Variant(f"{name}-{backend}", name, (*packages, backend), {f"{name.upper()}_BACKEND": backend}, networks)
        for backend in _backends(tree)
    ] or [Variant(name, name, packages, {}, networks)]


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}" if error.lineno else str(error.msg)
    return getattr(error, "strerror", "") or str(error) or type(error).__name__


def load(variant: str, settings: Settings | None = None) -> Implementation:
    """Import the framework of `variant` into this process and build the network of `settings`.

    Raises what `import_` raises, and `NotWritten` if the file of the variant does not have that network.
    """
    module, settings = import_(variant), settings or Settings()
    written = variants()[variant].networks
    if settings.network not in written:
        raise NotWritten(f"{variant} is not written for {settings.network!r}: it has {', '.join(written)}")
    return module.Classifier(settings)


def import_(variant: str, module: str = "impls.{}") -> ModuleType:
    """Import the framework of `variant` into this process, with the file that uses it; return that module.

    Raises `ValueError` for an unknown variant, `BrokenImplementation` for one with a flaw, `PackageNotInstalled` for a
    missing package, and `RuntimeError` if what this process has imported already forbids it. Whatever else the import
    raises comes through as it is.
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
    imported = importlib.import_module(module.format(chosen.implementation))
    _loaded.add(variant)
    return imported


def has_file(variant: str, chapter: str) -> bool:
    """Whether the variant has a file in this chapter, a folder of impls/."""
    return (FOLDER / chapter / f"{variants()[variant].implementation}.py").exists()


def missing(variant: str) -> list[str]:
    """The packages that it needs and that this interpreter does not have."""
    return [package for package in variants()[variant].packages if importlib.util.find_spec(package) is None]


def _refuse_clash(chosen: Variant) -> None:
    """One framework, one process: a backend is fixed at import, and TensorFlow and PyTorch together abort."""
    if chosen.name in _loaded:
        return
    for package, enemy in (("tensorflow", "torch"), ("torch", "tensorflow")):
        if package in chosen.packages and enemy in sys.modules:
            raise RuntimeError(
                f"{chosen.name} cannot be loaded here: this process has imported {enemy}, and with {package} beside it "
                "it would be aborted. Use a process of its own for each."
            )
    for name in _loaded:
        other = variants()[name]
        alike = (other.packages, other.environment) == (chosen.packages, chosen.environment)
        if not alike and {"numpy"} not in (set(other.packages), set(chosen.packages)):
            raise RuntimeError(f"{chosen.name} cannot be loaded here: this process has loaded {name} already")


def _imported_packages(tree: ast.Module) -> tuple[str, ...]:
    """Third-party packages that the file imports at its top level, in order."""
    modules = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.append(node.module)
    packages = dict.fromkeys(module.partition(".")[0] for module in modules)
    return tuple(name for name in packages if name not in sys.stdlib_module_names and name != "impls")


def _backends(tree: ast.Module) -> tuple[str, ...]:
    """What the file assigns to `BACKENDS`. Raises `ValueError` unless they are names of packages, at least one."""
    for value in _assigned(tree, "BACKENDS"):
        try:
            backends = ast.literal_eval(value)
        except (ValueError, TypeError):
            backends = None
        packages = [name for name in backends if isinstance(name, str)] if isinstance(backends, tuple | list) else []
        usable = {name for name in packages if name.isidentifier() and name != "notebook"}  # a way of training
        if not packages or len(usable) < len(backends):
            expected = 'different packages in a tuple, such as ("torch", "jax")'
            raise ValueError(f"BACKENDS must be {expected}, got {_shown(value)}")
        return tuple(packages)
    return ()


def _networks(tree: ast.Module) -> tuple[str, ...]:
    """Keys of what the file assigns to `MODELS`. Raises `ValueError` unless they are networks, at least one."""
    for value in _assigned(tree, "MODELS"):
        keys = [getattr(key, "value", None) for key in value.keys] if isinstance(value, ast.Dict) else []
        if not keys or not set(keys) <= set(COMPARED):
            expected = f"a dict whose keys are networks of impls/contract.py ({', '.join(COMPARED)})"
            raise ValueError(f"MODELS must be {expected}, got {_shown(value)}")
        return tuple(keys)
    return COMPARED


def _assigned(tree: ast.Module, name: str) -> Iterator[ast.expr | None]:
    """Whatever the file assigns to `name` at its top level; None where it only declares it."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if name in [getattr(target, "id", "") for target in targets]:
                yield node.value


def _shown(value: ast.expr | None) -> str:
    return ast.unparse(value)[:80] if value else "nothing"
