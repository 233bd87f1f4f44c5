"""Initial parameters that every variant can hold exactly, so that all begin with the same numbers."""

from collections.abc import Mapping

import numpy as np


def random_parameters(shapes: Mapping[str, tuple[int, ...]], seed: int, bias: float = 0.0) -> dict[str, np.ndarray]:
    """Return parameters of these shapes by name, float32.

    Kernels are normal with variance 2 / inputs (He, arXiv:1502.01852), biases normal with standard deviation `bias`.
    Scales are 1 plus a number like a bias, as a scale of 0 would end all gradients. Embeddings are normal, +-0.5.
    """
    random = np.random.default_rng(seed)

    def draw(name, shape):
        kind = name.rpartition("/")[2]
        spread = {"kernel": np.sqrt(2 / np.prod(shape[:-1])), "embedding": 0.5}.get(kind, bias)
        return (kind == "scale") + random.normal(0, spread, shape)

    return {name: draw(name, shape).astype("float32") for name, shape in shapes.items()}
