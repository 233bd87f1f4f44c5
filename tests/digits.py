"""The data set that test_template.py adds: scikit-learn's digits, which come with the package."""

import numpy as np
from sklearn.datasets import load_digits

from harness.data.idx import idx_bytes

TRAIN = 1500  # of 1,797 images of 8 x 8 pixels


def from_scikit_learn() -> dict[str, bytes]:
    """Return the four IDX files by name."""
    digits = load_digits()
    images = (digits.images * 15).astype(np.uint8)  # 0..16 -> 0..240
    arrays = images[:TRAIN], digits.target[:TRAIN], images[TRAIN:], digits.target[TRAIN:]
    names = "train-images", "train-labels", "test-images", "test-labels"
    return {name: idx_bytes(array) for name, array in zip(names, arrays, strict=True)}
