"""The data set as files: where they are kept, and what is in them."""

import contextlib
import hashlib
import math
import stat
from pathlib import Path

import numpy as np

from impls.contract import DATASET, Arrays


def read_dataset(directory: str | Path) -> tuple[Arrays, Arrays]:
    """The four files of `DATASET` as ((train images, labels), (test images, labels)), all uint8.

    Raises `FileNotFoundError` if a file is missing and `ValueError` if its size or header is not that of the data set.
    """

    def read(name: str, shape: tuple[int, ...]) -> np.ndarray:
        path = DATASET.raw(directory) / name
        content = path.read_bytes()
        header = idx_header(shape)
        if len(content) != len(header) + math.prod(shape):
            raise ValueError(f"{path} must have {len(header) + math.prod(shape):,} bytes, got {len(content):,}")
        if not content.startswith(header):
            raise ValueError(f"{path} must begin with {header.hex()}, got {content[: len(header)].hex()}")
        return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)

    train_images, train_labels, test_images, test_labels = (read(*each) for each in DATASET.shapes.items())
    return (train_images, train_labels), (test_images, test_labels)


def check_files(directory: str | Path) -> None:
    """Raise `ValueError` if a file there is damaged or from another data set. The loader reports a missing one."""
    for name, expected in DATASET.files.items():
        path = DATASET.raw(directory) / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else expected
        if found != expected:
            raise ValueError(f"{path} is damaged or not of {DATASET.name}: its SHA-256 is {found}, not {expected}")


def check_regular(path: Path, most_bytes: int) -> None:
    """Raise `ValueError` unless `path` is a regular file of at most so many bytes: a pipe or a device may never end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
        raise ValueError(f"expected a regular file of at most {most_bytes:,} bytes")


def idx_header(shape: tuple[int, ...]) -> bytes:
    """What an IDX file of uint8 begins with: a big-endian magic number, and a 32-bit length for each dimension."""
    return np.array([0x0800 + len(shape), *shape], ">u4").tobytes()  # 0x08 = uint8


def cache_directory() -> Path:
    """Where a verified copy of the data is kept: a folder in the user's cache, laid out as torchvision does.

    Raises `FileNotFoundError` if the user has none, as in a container whose user has no name and no HOME, or if it is
    a link to nothing.
    """
    import platformdirs  # only here: a worker, which is told its directory, runs without it

    with contextlib.suppress(RuntimeError):
        path = platformdirs.user_cache_path("mnist-frameworks", appauthor=False)
        if path.is_absolute():
            raw = DATASET.raw(path)
            for folder in (raw, *raw.parents):
                if folder.is_symlink() and not folder.exists():
                    target = f"{folder} is a link to {folder.readlink()}, which is not there"
                    raise FileNotFoundError(f"{target}: make that folder, or remove the link")
            return path
    raise FileNotFoundError("no folder for a cache, as there is no home directory: set HOME to an absolute path")
