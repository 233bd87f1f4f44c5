"""Initial parameters that every variant can hold exactly, so that all begin with the same numbers."""

from collections.abc import Mapping

import numpy as np


def random_parameters(shapes: Mapping[str, tuple[int, ...]], seed: int, bias: float = 0.0) -> dict[str, np.ndarray]:
    """Return parameters of these shapes by name, float32.

    Kernels are normal with variance 2 / inputs (He, arXiv:1502.01852), biases normal with standard deviation `bias`.
    """
    random = np.random.default_rng(seed)
    spreads = {name: np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else bias for name, shape in shapes.items()}
    return {name: random.normal(0, spreads[name], shape).astype("float32") for name, shape in shapes.items()}
