"""The distance between two results, and where it is largest."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np


class Distance(NamedTuple):
    """The largest error of a result, relative to the largest entry of the expected tensor, and where it is."""

    error: float
    where: str

    def __str__(self) -> str:
        return f"{self.error:.1e} at {self.where}"


def distance(actual: np.ndarray, expected: np.ndarray, name: str, scale: float | None = None) -> Distance:
    """Return the largest |actual - expected|, divided by `scale` or, without it, by the largest |expected|.

    Both are floats of any shape. NaN and unequal shapes count as an infinite error.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return Distance(np.inf, f"{name}, whose shape is {actual.shape} instead of {expected.shape}")
    error = np.abs(actual - expected)
    worst = np.unravel_index(error.argmax(), error.shape)  # argmax takes NaN for the largest
    size = scale or np.abs(expected).max() or 1.0
    index = f"[{', '.join(map(str, worst))}]" if error.ndim else ""
    return Distance(float(np.nan_to_num(error[worst] / size, nan=np.inf, posinf=np.inf)), name + index)


def largest_distance(
    actual: Mapping[str, np.ndarray],
    expected: Mapping[str, np.ndarray],
    scale: float | None = None,
    noise: Collection[str] = (),
) -> Distance:
    """Return the largest of all tensors' distances.

    Those that `noise` names hold nothing but rounding: they are relative to the largest entry of all tensors.
    """
    largest = max(float(np.abs(array).max()) for array in expected.values())
    scales = {name: scale or (largest if name in noise else None) for name in expected}
    return max(distance(actual[name], expected[name], name, scales[name]) for name in expected)
