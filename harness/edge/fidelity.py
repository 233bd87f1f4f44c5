"""How a file that runs on a device compares with what was trained: number by number, and image by image."""

from typing import NamedTuple

import numpy as np


class Fidelity(NamedTuple):
    """Of all logits of the test images.

    - `accuracy`: the fraction of images that the device gets right.
    - `differ`: logits that are not those expected; `largest`: by how much at most: in steps of whole numbers, or, of a
      float file, as real numbers.
    - `labels`: images of which another digit has the largest logit.
    """

    accuracy: float
    differ: int
    largest: float
    labels: int


def fidelity(found: np.ndarray, expected: np.ndarray, labels: np.ndarray, step: float = 1.0) -> Fidelity:
    """`found` and `expected` are logits, (n, 10), float32; `step` is the real number that is counted as 1."""
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
    """How far neighbouring ones are apart if they are whole numbers of 8 bits, times a scale; otherwise 1."""
    levels = np.unique(logits)
    return float(np.diff(levels).min()) if 1 < len(levels) <= 256 else 1.0
