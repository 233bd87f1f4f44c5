"""What a user gets who does as the documentation says: the frameworks' own ways to whole numbers, and to a file.

Each file here has `as_documented(trained, path, images, labels, test_images)`: it starts from the float parameters of
`trained`, may train on the uint8 images (n, 28, 28) and their labels, and writes the file. It returns what the
framework evaluates last before that: the logits of the test images, float32 (n, 10).
"""

from typing import NamedTuple

from impls.contract import COMPARED


class Documented(NamedTuple):
    """A framework's own way to a runtime, by its file here, in an environment ("" is where it was trained).

    `exact`: of which networks the device computes what was evaluated, to the last bit, as far as it was seen.
    """

    runtime: str
    environment: str = ""
    networks: tuple[str, ...] = COMPARED
    exact: tuple[str, ...] = ()


# Keras on JAX has no pooling in ONNX that can be run; on PyTorch the CNN was not tried to the end.
OFFICIAL = {
    "jax": Documented("litert", "qwix"),
    "tensorflow": Documented("litert"),
    "pytorch": Documented("executorch", "torch"),
    "keras-tensorflow": Documented("onnx", exact=("mlp",)),
    "keras-jax": Documented("onnx", networks=("mlp",), exact=("mlp",)),
    "keras-torch": Documented("onnx", networks=("mlp",), exact=("mlp",)),
}
