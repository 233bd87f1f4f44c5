"""What MNIST is: four IDX files, byte by byte."""

import hashlib

import numpy as np

from impls.contract import idx_header

SHA256 = {  # of the raw IDX files, uncompressed
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
BYTES = {  # of the same files: magic number, lengths, one byte for each pixel or label
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}


class DataError(Exception):
    """MNIST could not be had, or what was found is not MNIST. The message says which, where, and what to do."""


def verify(name: str, content: bytes, where: object) -> bytes:
    """Return `content` if it is the IDX file `name`, byte by byte; otherwise raise `DataError`."""
    if len(content) != BYTES[name]:
        what = "cut short" if len(content) < BYTES[name] else "too long"
        raise DataError(f"{where} is {what}: {name} must have {BYTES[name]:,} bytes, got {len(content):,}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[name]:
        raise DataError(
            f"{where}: {name} has the size of MNIST's file but other bytes: it is damaged, or another data set of "
            f"the same form, such as Fashion-MNIST (SHA-256 {digest}, expected {SHA256[name]})"
        )
    return content


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file: its header, and a byte for each number."""
    return idx_header(array.shape) + array.astype(np.uint8).tobytes()
