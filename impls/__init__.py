"""The implementations found in this folder, by file name. Looks without importing: a framework is loaded by `load`."""

import ast
import importlib
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from impls.contract import Implementation, Settings


class Variant(NamedTuple):
    """An implementation with what must be chosen before its framework is imported."""

    name: str
    implementation: str  # file name in impls/, without .py
    packages: tuple[str, ...]  # what must be installed
    environment: dict[str, str]  # what must be set before the import


_loaded: set[str] = set()  # variants that live in this process


class PackageNotInstalled(ModuleNotFoundError):
    """A variant needs a package that this interpreter does not have."""


def names() -> tuple[str, ...]:
    """Names of the implementations, in alphabetical order."""
    files = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return tuple(sorted(stem for stem in files if stem != "contract" and not stem.startswith("_")))


@cache
def variants() -> dict[str, Variant]:
    """All variants by name. A file that assigns a tuple `BACKENDS` has one for each, chosen by <FILE>_BACKEND.

    A backend is named as the package that it needs.
    """
    found = {}
    for name in names():
        tree = _parse(Path(__file__).parent / f"{name}.py")
        packages = _imported_packages(tree)
        for backend in _backends(tree):
            found[f"{name}-{backend}"] = Variant(
                f"{name}-{backend}", name, (*packages, backend), {f"{name.upper()}_BACKEND": backend}
            )
        if not _backends(tree):
            found[name] = Variant(name, name, packages, {})
    return found


def load(variant: str, settings: Settings | None = None) -> Implementation:
    """Import the framework of `variant` into this process and build the network. Raises what `import_` raises."""
    return import_(variant).Classifier(settings or Settings())


def import_(variant: str, module: str = "impls.{}") -> ModuleType:
    """Import the framework of `variant` into this process, with the file that uses it; return that module.

    Raises `ValueError` for an unknown variant, `PackageNotInstalled` for a missing package, and `RuntimeError` if what
    this process has imported already forbids it. Whatever else the import raises comes through as it is.
    """
    if variant not in variants():
        raise ValueError(f"unknown variant {variant!r}, expected one of {', '.join(variants())}")
    chosen = variants()[variant]
    for package in chosen.packages:
        if importlib.util.find_spec(package) is None:
            raise PackageNotInstalled(f"{package} is not installed, and {variant} needs it", name=package)
    _refuse_clash(chosen)
    os.environ.update(chosen.environment)
    imported = importlib.import_module(module.format(chosen.implementation))
    _loaded.add(variant)
    return imported


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


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])  # who loads it will be told


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
    for node in tree.body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["BACKENDS"]:
            return ast.literal_eval(node.value)
    return ()
