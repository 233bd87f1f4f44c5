"""The base class of the runtimes: pixels in the file's dtype, logits as real numbers, and the timed methods."""

from pathlib import Path

import numpy as np

from impls.checks import check_images
from impls.contract import DATASET, Settings

INPUT, OUTPUT = (1, DATASET.pixels), (1, DATASET.classes)


def unusable(path: Path, expected: str, got: object) -> ValueError:
    """Return the exception for a file that cannot be run, with a message of one line."""
    return ValueError(f"{path} must be {expected}, got {' '.join(str(got).split())}")


def read(path: Path) -> bytes:
    """Return the content of the file. Raise `ValueError` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise unusable(path, "a file", error.strerror) from error


def check_tensors(path: Path, kind: str, tensors: list, shape: tuple[int, int], dtypes: tuple[str, ...]) -> str:
    """Return the dtype of the one tensor (shape, dtype) in `tensors`. Raise `ValueError` if it does not fit."""
    if len(tensors) == 1:
        sizes, dtype = tensors[0]
        fixed = [size if isinstance(size, int) else 1 for size in sizes]  # a name or None means any number of images
        if tuple(fixed) == shape and dtype in dtypes:
            return dtype
    got = ", ".join(f"{dtype} {list(sizes)}" for sizes, dtype in tensors) or "none"
    raise unusable(path, f"a network with one {kind}, {' or '.join(dtypes)} {list(shape)}", got)


class ImageByImage:
    """A trained network with some of the methods of `impls.adapter.Adapter`. A subclass adds `predict_step`.

    - `input_dtype`: "float32" for pixels / 255, "uint8" for pixels, "int8" for pixels - 128.
    - `weights`: the dtypes of the constants in the file, without scales.
    - `scale`, `zero_point`: real number = (output - zero_point) * scale.
    """

    jit_compile = False
    input_dtype: str
    output_dtype: str
    weights: list[str]
    scale, zero_point = 1.0, 0

    def __init__(self, path: str | Path, threads: int = 1):
        self.path = Path(path)
        self.settings = Settings(threads=threads)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return float32 (n, 10) of uint8 (n, 28, 28)."""
        rows = self._pixels(images)
        outputs = np.concatenate([self.predict_step(rows[at : at + 1]) for at in range(len(rows))])  # -> (n, 10)
        return (outputs.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)

    def dtypes(self) -> dict[str, str | list[str]]:
        """Return the dtypes of "input", "output" and "weights"."""
        return {"input": self.input_dtype, "output": self.output_dtype, "weights": self.weights}

    def prepare_batch(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the pixels of one image, (1, 784)."""
        if len(images) != 1:
            raise ValueError(f"a device is given one image at a time, got {len(images)}")
        return self._pixels(images)

    def synchronize(self, value: object) -> None:
        """Do nothing: a runtime returns when the result is computed."""

    def _pixels(self, images):
        pixels = check_images(images).reshape(len(images), -1)  # (n, 28, 28) -> (n, 784)
        if self.input_dtype == "float32":
            return pixels.astype(np.float32) / 255
        return pixels if self.input_dtype == "uint8" else (pixels.astype(np.int16) - 128).astype(np.int8)
