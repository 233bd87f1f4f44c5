"""The four IDX files of the data set: their sizes and their identity."""

import hashlib

import numpy as np

from impls.contract import DATASET
from impls.files import idx_header, idx_size

BYTES = {name: idx_size(shape) for name, shape in DATASET.shapes.items()}  # of the uncompressed files


class DataError(ValueError):
    """The data set is missing, damaged or unreachable. The message says where, and what to do."""


def verify(name: str, content: bytes, where: object) -> bytes:
    """Return `content` if it is the IDX file `name`, otherwise raise `DataError`."""
    digest = hashlib.sha256(content).hexdigest()
    if digest != DATASET.files[name]:
        raise DataError(
            f"{where} is damaged or from another data set than {DATASET.name}: expected {name}, {BYTES[name]:,} bytes "
            f"with SHA-256 {DATASET.files[name]}, found {len(content):,} bytes with SHA-256 {digest}"
        )
    return content


def idx_bytes(array: np.ndarray) -> bytes:
    """Return the IDX file of an array of integers 0..255."""
    return idx_header(array.shape) + array.astype(np.uint8).tobytes()
