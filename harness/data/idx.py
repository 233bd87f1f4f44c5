"""The files of the data set: four in IDX format, known byte by byte."""

import hashlib
import math

import numpy as np

from impls.contract import DATASET
from impls.files import idx_header

BYTES = {  # of each file, uncompressed: its header, and one byte for each pixel or label
    name: len(idx_header(shape)) + math.prod(shape) for name, shape in DATASET.shapes.items()
}


class DataError(Exception):
    """The data set could not be had, or what was found is another. The message says which, where, and what to do."""


def verify(name: str, content: bytes, where: object) -> bytes:
    """Return `content` if it is the IDX file `name`, byte by byte; otherwise raise `DataError`."""
    if len(content) != BYTES[name]:
        what = "cut short" if len(content) < BYTES[name] else "too long"
        raise DataError(f"{where} is {what}: {name} must have {BYTES[name]:,} bytes, got {len(content):,}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != DATASET.files[name]:
        raise DataError(
            f"{where}: {name} has the size of {DATASET.name}'s file but other bytes: it is damaged, or another data "
            f"set of the same form, such as Fashion-MNIST (SHA-256 {digest}, expected {DATASET.files[name]})"
        )
    return content


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file: its header, and a byte for each number."""
    return idx_header(array.shape) + array.astype(np.uint8).tobytes()
