"""Tasks of the workers: export a network in one environment, convert it in another, run it in a third."""

from importlib import import_module
from types import ModuleType

import impls
from impls.edge import Trained


def export(variant: str, function: str, trained: Trained, path: str, kind: str) -> None:
    """Write a file, by a function of the variant's edge.py. Raises `PackageNotInstalled`."""
    getattr(_module("edge", variant), function)(trained, path, kind)


def stablehlo(variant: str, trained: Trained, kind: str) -> str:
    """Return the program of a network, for `convert`. Raises `PackageNotInstalled`."""
    return _module("edge", variant).to_stablehlo(trained, kind)


def has_vnni() -> bool:
    """Return whether this processor sums products of uint8 and int8 in 32 bits."""
    return import_module("impls.edge.runtimes.onnx").has_vnni()


def as_documented(variant: str, trained: Trained, path: str, images, labels, test_images):
    """Write a file by a framework's documented way; return the logits that it evaluated.

    Raises `PackageNotInstalled`.
    """
    return _module("edge_official", variant).as_documented(trained, path, images, labels, test_images)


def _module(file: str, variant: str) -> ModuleType:
    try:
        return impls.import_(variant, file)
    except ModuleNotFoundError as error:
        needed = f"{error.name} is not installed, and the export of {variant} needs it: pip install '.[edge]'"
        raise impls.PackageNotInstalled(needed, name=error.name) from None


def convert(text: str, path: str) -> None:
    """Write the LiteRT file of a StableHLO program."""
    import_module("impls.edge._stablehlo").convert(text, path)


def loaded(runtime: str, path: str):
    """Return a runtime that has loaded the file, on one thread. Raises `PackageNotInstalled`."""
    return _runtime(runtime).Runtime(path)


def as_it_comes(runtime: str, path: str):
    """Return a runtime with its default options, which may be less exact. Raises `PackageNotInstalled`."""
    module = _runtime(runtime)
    return module.Runtime(path, as_it_comes=True) if runtime == "onnx" else module.Runtime(path)


def _runtime(name: str) -> ModuleType:
    try:
        return import_module(f"impls.edge.runtimes.{name}")
    except ModuleNotFoundError as error:
        needed = f"{error.name} is not installed here, and it takes it to run a file for {name}"
        raise impls.PackageNotInstalled(needed, name=error.name) from None
