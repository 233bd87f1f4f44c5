"""Tasks of the workers: export a network in one environment, convert it in another, run it in a third."""

import contextlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import impls
from impls.edge import Trained


def export(variant: str, file: str, function: str, trained: Trained, *arguments: Any) -> Any:
    """Return the result of an exporter: a function of the variant's `file`, "edge" or "edge_official".

    Raises `PackageNotInstalled`.
    """
    with _installed(f"the export of {variant} needs it: pip install '.[edge]'"):  # some exporters import when called
        return getattr(impls.import_(variant, file), function)(trained, *arguments)


def convert(text: str, path: str) -> None:
    """Write the LiteRT file of a StableHLO program."""
    import_module("impls.edge._stablehlo").convert(text, path)


def loaded(runtime: str, path: str, **options: bool) -> Any:
    """Return a runtime that has loaded the file, on one thread. Raises `PackageNotInstalled`."""
    with _installed(f"it takes it to run a file for {runtime}"):
        return import_module(f"impls.edge.runtimes.{runtime}").Runtime(path, **options)


def as_it_comes(runtime: str, path: str) -> Any:
    """Return a runtime with its default options, which may be less exact. Raises `PackageNotInstalled`."""
    return loaded(runtime, path, **({"as_it_comes": True} if runtime == "onnx" else {}))


def has_vnni() -> bool:
    """Return whether this processor sums products of uint8 and int8 in 32 bits."""
    return import_module("impls.edge.runtimes.onnx").has_vnni()


@contextlib.contextmanager
def _installed(purpose: str) -> Iterator[None]:
    """Raise `PackageNotInstalled`, with the purpose, for a module that is not found."""
    try:
        yield
    except ModuleNotFoundError as error:
        needed = f"{error.name} is not installed here, and {purpose}"
        raise impls.PackageNotInstalled(needed, name=error.name) from None
