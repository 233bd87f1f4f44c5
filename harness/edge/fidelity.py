"""The difference between the logits of an exported file and those of the trained network."""

from typing import NamedTuple

import numpy as np


class Fidelity(NamedTuple):
    """A comparison of all logits of the test images.

    - `accuracy`: the fraction of images whose largest logit is that of their label.
    - `differ`: the number of logits that are not equal to those expected.
    - `largest`: the largest difference, in steps of an integer; of a float file, as a real number.
    - `labels`: the number of images whose predicted class differs.
    """

    accuracy: float
    differ: int
    largest: float
    labels: int


def fidelity(found: np.ndarray, expected: np.ndarray, labels: np.ndarray, step: float = 1.0) -> Fidelity:
    """Compare logits, both float32 (n, 10); `step` is the difference that counts as 1. Raises `ValueError`."""
    if found.shape != expected.shape:
        raise ValueError(f"expected logits of shape {expected.shape}, got {found.shape}")
    off = np.abs(found.astype(np.float64) - expected)
    digits = found.argmax(axis=1)  # (n, 10) -> (n,)
    return Fidelity(
        accuracy=float(np.mean(digits == labels)),
        differ=int(np.count_nonzero(off)),
        largest=float(np.nan_to_num(off.max() / step, nan=np.inf)),
        labels=int(np.count_nonzero(digits != expected.argmax(axis=1))),
    )


def step_of(logits: np.ndarray) -> float:
    """Return the distance of neighbouring values if the logits are 8-bit integers times a scale, otherwise 1."""
    levels = np.unique(logits)
    return float(np.diff(levels).min()) if 1 < len(levels) <= 256 else 1.0
