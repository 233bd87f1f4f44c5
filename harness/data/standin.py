"""The images of this project: stand-ins of their shape, until `arrays` returns your own.

After a change of them, `python -m harness.data.sources` prints `DATASET` for impls/contract.py.
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from harness.data.idx import idx_bytes, verify
from impls.contract import DATASET


def arrays() -> Sequence[np.ndarray]:
    """Return train images, train labels, test images, test labels: uint8 (n, *DATASET.image_shape) and (n,)."""
    return stand_ins(DATASET.image_shape, DATASET.classes)


def stand_ins(shape: Sequence[int], classes: int) -> list[np.ndarray]:
    """Return such arrays with labels 0..`classes` - 1.

    A class is a pattern of random pixels. An image is three parts of its class's pattern, and one part of noise. Every
    tenth training label is random: the loss stays away from 0, as it does on photographs.
    """
    random = np.random.RandomState(0)  # the legacy generator: it draws the same numbers in every version of NumPy
    patterns, parts = random.randint(0, 256, (classes, *shape), np.uint8), []
    for count in (max(4000, 100 * classes), 1000):
        labels = random.randint(0, classes, count, np.uint8)
        noise = random.randint(0, 256, (count, *shape), np.uint8)
        parts += [patterns[labels] // 4 * 3 + noise // 4, labels]
    parts[1][::10] = random.randint(0, classes, len(parts[1][::10]))
    return parts


def described(name: str, arrays: Sequence[np.ndarray], classes: int) -> str:
    """Return the code of `DATASET` for these arrays: their sizes, and the checksums of their IDX files."""
    images, _, test_images, _ = arrays
    kinds = "train-images", "train-labels", "test-images", "test-labels"
    files = [
        f'        "{kind}-idx{array.ndim}-ubyte": "{hashlib.sha256(idx_bytes(array)).hexdigest()}",\n'
        for kind, array in zip(kinds, arrays, strict=True)
    ]
    sizes = {"image_shape": images.shape[1:], "classes": classes, "train": len(images), "test": len(test_images)}
    fields = [f"    {field}={value},\n" for field, value in sizes.items()]
    return "".join([f'DATASET = Dataset(\n    "{name}",\n', *fields, "    files={\n", *files, "    },\n)\n"])


def fetch(say: Callable[[str], None]) -> dict[str, bytes]:
    """Return the four files of `arrays()`, by name. Raises `DataError` if they are not those of impls/contract.py."""
    place = "the result of arrays() in harness/data/sources.py"
    say(f"{DATASET.name}: {place}")
    named = zip(DATASET.files, arrays(), strict=True)
    return {name: verify(name, idx_bytes(array), place) for name, array in named}


if __name__ == "__main__":
    print(described(DATASET.name, arrays(), DATASET.classes), end="")
