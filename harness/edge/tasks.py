"""What workers do for a device: export a network in one environment, convert it in another, run it in a third."""

from importlib import import_module
from types import ModuleType
from unittest import mock

import impls
from impls.edge import Trained


def export(variant: str, function: str, trained: Trained, path: str, kind: str) -> None:
    """Write a file, by a function of `impls.edge`. Raises `PackageNotInstalled`."""
    getattr(_exporter(variant), function)(trained, path, kind)


def stablehlo(variant: str, trained: Trained, kind: str) -> str:
    """The program of a network, for `convert`. Raises `PackageNotInstalled`."""
    return _exporter(variant).to_stablehlo(trained, kind)


def saturating(path: str):
    """ONNX Runtime as it comes, whatever the processor: see `has_vnni` in its file."""
    module = import_module("impls.edge.runtimes.onnx")
    with mock.patch.object(module, "has_vnni", return_value=True):
        return module.Runtime(path)


def has_vnni() -> bool:
    """Whether the processor here adds up products of uint8 and int8 in 32 bits."""
    return import_module("impls.edge.runtimes.onnx").has_vnni()


def official_qat(parameters, images, labels, test_images, path: str, network: str):
    """PyTorch's own quantization-aware training: logits of what it evaluates, and of what it converts that to."""
    return import_module("impls.edge.official.pytorch").qat_as_documented(
        parameters, images, labels, test_images, path, network
    )


def official_quantization(trained: Trained, path: str, images) -> None:
    """TensorFlow's own post-training quantization, which finds its scales from these images."""
    import_module("impls.edge.official.tensorflow").to_litert_as_documented(trained, path, images)


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
    """A runtime with the file in it, on one thread. Raises `PackageNotInstalled`."""
    try:
        module = import_module(f"impls.edge.runtimes.{runtime}")
    except ModuleNotFoundError as error:
        needed = f"{error.name} is not installed here, and it takes it to run a file for {runtime}"
        raise impls.PackageNotInstalled(needed, name=error.name) from None
    return module.Runtime(path)
