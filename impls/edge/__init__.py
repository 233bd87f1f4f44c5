"""From training to the device: what is exported, by which roads, and the environments in which that is done."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from impls.quantization import Scales, check_exact, integers, real


class Trained(NamedTuple):
    """What every exporter is given: a network as it was trained, and how it is quantized.

    `parameters` are float, as in `NETWORKS[network]`.
    """

    network: str
    parameters: Mapping[str, np.ndarray]
    scales: Scales

    @property
    def whole(self) -> dict[str, np.ndarray]:
        """The whole numbers of the parameters: kernels int8, biases int32. Raises as `check_exact` does."""
        found = integers(self.parameters, self.scales)
        check_exact(found, self.scales)
        return found

    @property
    def real(self) -> dict[str, np.ndarray]:
        """The float32 parameters that the whole numbers stand for."""
        return real(self.whole, self.scales)


class Road(NamedTuple):
    """How a variant gets to a runtime: by a function of its file here, in an environment ("" is where it was trained).

    `to_stablehlo` ends half-way: `_stablehlo.convert` goes on from there, in the environment "converter".
    """

    function: str
    environment: str = ""


ROADS = {
    "numpy": {"litert": Road("to_stablehlo"), "onnx": Road("to_onnx")},
    "jax": {"litert": Road("to_stablehlo"), "onnx": Road("to_onnx")},
    "tensorflow": {"litert": Road("to_litert"), "onnx": Road("to_onnx")},
    "pytorch": {
        "litert": Road("to_litert", "torch"),
        "onnx": Road("to_onnx"),
        "executorch": Road("to_executorch", "torch"),
    },
    "keras-tensorflow": {"litert": Road("to_litert"), "onnx": Road("to_onnx")},
    "keras-jax": {"litert": Road("to_stablehlo"), "onnx": Road("to_onnx")},
    "keras-torch": {"litert": Road("to_litert", "torch"), "onnx": Road("to_onnx")},
}

# What each is made of, and what is imported of it. Files are run in "device", which has no framework; those for
# ExecuTorch, whose makers have no runtime without PyTorch, in "torch".
ENVIRONMENTS = {
    "converter": (("litert-converter==0.5.0",), ("litert_converter",)),
    "device": (("ai-edge-litert==2.3.0", "onnxruntime==1.32.0"), ("ai_edge_litert", "onnxruntime")),
    "torch": (
        ("torch==2.14.1", "torchvision==0.29.1", "keras==3.15.1", "litert-torch==0.10.0", "executorch==1.5.1"),
        ("torch", "torchvision", "keras", "litert_torch", "executorch"),
    ),
    "qwix": (
        ("jax==0.10.2", "optax==0.2.8", "flax==0.12.8", "qwix==0.1.8", "litert-converter==0.5.0"),
        ("jax", "optax", "flax", "qwix", "litert_converter"),
    ),
}
RUN_IN = {"litert": "device", "onnx": "device", "executorch": "torch"}
