"""The files of the data set: their folder, their checksums and their content."""

import contextlib
import hashlib
import math
import stat
from pathlib import Path

import numpy as np

from impls.contract import DATASET, Arrays


def read_dataset(directory: str | Path) -> tuple[Arrays, Arrays]:
    """Return the four files of `DATASET` as ((train images, labels), (test images, labels)), all uint8.

    Raises `FileNotFoundError` if a file is missing and `ValueError` if its size or header is not that of the data set.
    """

    def read(name: str, shape: tuple[int, ...]) -> np.ndarray:
        path = DATASET.raw(directory) / name
        content = path.read_bytes()
        header = idx_header(shape)
        if len(content) != idx_size(shape):
            raise ValueError(f"{path} must have {idx_size(shape):,} bytes, got {len(content):,}")
        if not content.startswith(header):
            raise ValueError(f"{path} must begin with {header.hex()}, got {content[: len(header)].hex()}")
        return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)

    train_images, train_labels, test_images, test_labels = (read(*each) for each in DATASET.shapes.items())
    return (train_images, train_labels), (test_images, test_labels)


def check_files(directory: str | Path) -> None:
    """Raise `ValueError` if a file is damaged or of another data set. A missing file is reported by the loader."""
    for name, expected in DATASET.files.items():
        path = DATASET.raw(directory) / name
        if not path.exists():
            continue
        try:
            check_regular(path, idx_size(DATASET.shapes[name]))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != expected:
            raise ValueError(f"{path} is damaged or not of {DATASET.name}: its SHA-256 is {digest}, not {expected}")


def check_regular(path: Path, most_bytes: int) -> None:
    """Raise `ValueError` unless it is a regular file of at most `most_bytes` bytes: a pipe may never end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
        raise ValueError(f"expected a regular file of at most {most_bytes:,} bytes")


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Return the header of an IDX file of uint8: a magic number and each dimension, 32 bits, big-endian."""
    return np.array([0x0800 + len(shape), *shape], ">u4").tobytes()  # 0x08 = uint8


def idx_size(shape: tuple[int, ...]) -> int:
    """Return the bytes of an IDX file of uint8: the header, and one byte for each pixel or label."""
    return len(idx_header(shape)) + math.prod(shape)


def cache_directory() -> Path:
    """Return the folder of the verified copy of the data, in the user's cache, laid out as torchvision does.

    Raises `FileNotFoundError` if the user has no cache, as in a container without user name and HOME, or if the
    folder is a broken link.
    """
    import platformdirs  # only here: a worker gets the directory as an argument, and needs no such package

    with contextlib.suppress(RuntimeError):
        path = platformdirs.user_cache_path("mnist-frameworks", appauthor=False)
        if path.is_absolute():
            raw = DATASET.raw(path)
            for folder in (raw, *raw.parents):
                if folder.is_symlink() and not folder.exists():
                    target = f"{folder} is a link to {folder.readlink()}, which does not exist"
                    raise FileNotFoundError(f"{target}: make that folder, or remove the link")
            return path
    raise FileNotFoundError("no folder for a cache, as there is no home directory: set HOME to an absolute path")
