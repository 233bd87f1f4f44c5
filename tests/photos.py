"""The data set that test_template.py adds: patches of two photographs of scikit-learn, 16 x 16 pixels in colours."""

import numpy as np
from sklearn.datasets import load_sample_images

from harness.data.idx import idx_bytes

TRAIN, TEST, SIZE = 1500, 300, 16


def patches(count: int, first: int, last: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return patches of columns `first` to `last`, uint8 (n, 16, 16, 3), and from which photograph each is, (n,)."""
    random, photos = np.random.default_rng(seed), load_sample_images().images  # two of (427, 640, 3)
    labels = np.arange(count, dtype=np.uint8) % 2
    rows = random.integers(0, photos[0].shape[0] - SIZE, count)
    columns = random.integers(first, last - SIZE, count)
    places = zip(labels, rows, columns, strict=True)
    return np.array([photos[label][row : row + SIZE, column : column + SIZE] for label, row, column in places]), labels


def from_scikit_learn() -> dict[str, bytes]:
    """Return the four IDX files by name. Test images are of other columns than training images."""
    arrays = *patches(TRAIN, 0, 480, seed=0), *patches(TEST, 480, 640, seed=1)
    names = "train-images", "train-labels", "test-images", "test-labels"
    return {name: idx_bytes(array) for name, array in zip(names, arrays, strict=True)}
