"""Tasks of the workers: export a network in one environment, convert it in another, run it in a third."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import impls
from impls.edge import Trained


def export(variant: str, file: str, function: str, trained: Trained, *arguments: Any) -> Any:
    """Return the result of an exporter: a function of the variant's `file`, "edge" or "edge_official".

    Raises `PackageNotInstalled`.
    """
    purpose = f"the export of {variant} needs it: pip install '.[edge]'"
    return getattr(_imported(purpose, impls.import_, variant, file), function)(trained, *arguments)


def convert(text: str, path: str) -> None:
    """Write the LiteRT file of a StableHLO program."""
    import_module("impls.edge._stablehlo").convert(text, path)


def loaded(runtime: str, path: str) -> Any:
    """Return a runtime that has loaded the file, on one thread. Raises `PackageNotInstalled`."""
    return _runtime(runtime)(path)


def as_it_comes(runtime: str, path: str) -> Any:
    """Return a runtime with its default options, which may be less exact. Raises `PackageNotInstalled`."""
    return _runtime(runtime)(path, **({"as_it_comes": True} if runtime == "onnx" else {}))


def has_vnni() -> bool:
    """Return whether this processor sums products of uint8 and int8 in 32 bits."""
    return import_module("impls.edge.runtimes.onnx").has_vnni()


def _runtime(name: str) -> Callable[..., Any]:
    purpose = f"it takes it to run a file for {name}"
    return _imported(purpose, import_module, f"impls.edge.runtimes.{name}").Runtime


def _imported(purpose: str, import_: Callable[..., ModuleType], *names: str) -> ModuleType:
    try:
        return import_(*names)
    except ModuleNotFoundError as error:
        needed = f"{error.name} is not installed here, and {purpose}"
        raise impls.PackageNotInstalled(needed, name=error.name) from None
