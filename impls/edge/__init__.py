"""Export to devices: the argument of the exporters, the exporters, and the environments in which they run."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from impls.quantization import Scales, check_exact, dequantized, integers


class Trained(NamedTuple):
    """The argument of every exporter: a trained network and its scales.

    `parameters` are float, as in `NETWORKS[network]`.
    """

    network: str
    parameters: Mapping[str, np.ndarray]
    scales: Scales

    @property
    def integers(self) -> dict[str, np.ndarray]:
        """The integers of the parameters: kernels int8, biases int32. Raises as `check_exact` does."""
        parameters = integers(self.parameters, self.scales)
        check_exact(parameters, self.scales)
        return parameters

    @property
    def dequantized(self) -> dict[str, np.ndarray]:
        """The float32 parameters that the integers represent."""
        return dequantized(self.integers, self.scales)


class Exporter(NamedTuple):
    """An export of a variant to a runtime: a function of its edge.py, and the environment in which it runs.

    The environment "" is that of the training. `to_stablehlo` returns a program, and `_stablehlo.convert` writes the
    LiteRT file of this program, in the environment "converter".
    """

    function: str
    environment: str = ""


EXPORTERS = {  # by variant and runtime
    "numpy": {"litert": Exporter("to_stablehlo"), "onnx": Exporter("to_onnx")},
    "jax": {"litert": Exporter("to_stablehlo"), "onnx": Exporter("to_onnx")},
    "tensorflow": {"litert": Exporter("to_litert"), "onnx": Exporter("to_onnx")},
    "pytorch": {
        "litert": Exporter("to_litert", "torch"),
        "onnx": Exporter("to_onnx"),
        "executorch": Exporter("to_executorch", "torch"),
    },
    "keras-tensorflow": {"litert": Exporter("to_litert"), "onnx": Exporter("to_onnx")},
    "keras-jax": {"litert": Exporter("to_stablehlo"), "onnx": Exporter("to_onnx")},
    "keras-torch": {"litert": Exporter("to_litert", "torch"), "onnx": Exporter("to_onnx")},
}
SUFFIXES = {"litert": "tflite", "onnx": "onnx", "executorch": "pte"}

# Environment -> (requirements, modules to import). Files run in "device", which has no framework; those for ExecuTorch,
# which has no runtime without PyTorch, run in "torch".
ENVIRONMENTS = {
    "converter": (("litert-converter==0.5.0",), ("litert_converter",)),
    "device": (("ai-edge-litert==2.3.0", "onnxruntime==1.32.0"), ("ai_edge_litert", "onnxruntime")),
    "torch": (
        ("torch==2.14.1", "torchvision==0.29.1", "keras==3.15.1", "litert-torch==0.10.0", "executorch==1.5.1"),
        ("torch", "torchvision", "keras", "litert_torch", "executorch"),
    ),
    "jax": (
        (
            "jax==0.10.2",  # jax2onnx 0.17.1 does not export a nested jit of JAX 0.11 and later
            "jax2onnx==0.17.1",
            "keras==3.15.1",
            "optax==0.2.8",
            "flax==0.12.8",
            "qwix==0.1.8",
            "litert-converter==0.5.0",
        ),
        ("jax", "jax2onnx", "keras", "optax", "flax", "qwix", "litert_converter"),
    ),
}
RUN_IN = {"litert": "device", "onnx": "device", "executorch": "torch"}
