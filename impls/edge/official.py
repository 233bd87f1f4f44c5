"""The frameworks' own documented ways to an int8 file, for comparison.

Each edge_official.py has `as_documented(trained, path, images, labels, test_images)`. It starts from the float
parameters of `trained`, may train on the uint8 images (n, 28, 28) and their labels, and writes the file. It returns the
logits of the test images, float32 (n, 10), that the framework evaluates last before the export.
"""

from typing import NamedTuple

from impls.contract import DEFAULT_NETWORKS


class Documented(NamedTuple):
    """A framework's documented way to a runtime, in an environment; "" is that of the training.

    - `networks`: the networks for which the export succeeds.
    - `exact`: the networks whose logits on the device were bit-exact in all runs so far.
    """

    runtime: str
    environment: str = ""
    networks: tuple[str, ...] = DEFAULT_NETWORKS
    exact: tuple[str, ...] = ()


# Keras on JAX exports a pooling to ONNX that ONNX Runtime cannot run. The CNN of Keras on PyTorch was not tried.
OFFICIAL = {
    "jax": Documented("litert", "jax"),
    "tensorflow": Documented("litert"),
    "pytorch": Documented("executorch", "torch"),
    "keras-tensorflow": Documented("onnx", exact=("mlp",)),
    "keras-jax": Documented("onnx", "jax", networks=("mlp",), exact=("mlp",)),
    "keras-torch": Documented("onnx", networks=("mlp",), exact=("mlp",)),
}
