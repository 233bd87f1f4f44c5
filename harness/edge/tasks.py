"""What workers do for a device: export a network in one environment, convert it in another, run it in a third."""

from importlib import import_module
from types import ModuleType

import impls
from impls.edge import Trained


def export(variant: str, function: str, trained: Trained, path: str, kind: str) -> None:
    """Write a file, by a function of `impls.edge`. Raises `PackageNotInstalled`."""
    getattr(_exporter(variant), function)(trained, path, kind)


def stablehlo(variant: str, trained: Trained, kind: str) -> str:
    """The program of a network, for `convert`. Raises `PackageNotInstalled`."""
    return _exporter(variant).to_stablehlo(trained, kind)


def _exporter(variant: str) -> ModuleType:
    try:
        return impls.import_(variant, "impls.edge.{}")
    except ModuleNotFoundError as error:
        needed = f"{error.name} is not installed, and it takes it to export {variant}: pip install '.[edge]'"
        raise impls.PackageNotInstalled(needed, name=error.name) from None


def convert(text: str, path: str) -> None:
    """Write the LiteRT file of a StableHLO program."""
    import_module("impls.edge._stablehlo").convert(text, path)


def loaded(runtime: str, path: str):
    """A runtime with the file in it, on one thread."""
    return import_module(f"impls.edge.runtimes.{runtime}").Runtime(path)
