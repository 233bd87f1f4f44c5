"""What workers do for a device: export a network in one environment, convert it in another, run it in a third."""

from importlib import import_module

import impls
from impls.edge import Trained


def export(variant: str, function: str, trained: Trained, path: str, kind: str) -> None:
    """Write a file, by a function of `impls.edge`."""
    getattr(impls.import_(variant, "impls.edge.{}"), function)(trained, path, kind)


def stablehlo(variant: str, trained: Trained, kind: str) -> str:
    """The program of a network, for `convert`."""
    return impls.import_(variant, "impls.edge.{}").to_stablehlo(trained, kind)


def convert(text: str, path: str) -> None:
    """Write the LiteRT file of a StableHLO program."""
    import_module("impls.edge._stablehlo").convert(text, path)


def loaded(runtime: str, path: str):
    """A runtime with the file in it, on one thread."""
    return import_module(f"impls.edge.runtimes.{runtime}").Runtime(path)
