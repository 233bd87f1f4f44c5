"""The search for the data set below a path of the user, by names, verified by SHA-256."""

import gzip
import hashlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from harness.data.idx import BYTES, DataError, idx_bytes, verify
from impls.contract import DATASET
from impls.files import check_regular

DEPTH = 3  # levels of folders below the path, as in MNIST/raw/train-images-idx3-ubyte/train-images.idx3-ubyte
LARGEST = int(1.2 * sum(BYTES.values()))  # bytes of a file, or of a file in an archive, that is read
NAMES = {size: name for name, size in BYTES.items()}
REMEDY = (
    f"Name a folder that holds {DATASET.name}'s four IDX files, raw, gzipped or in one zip file, "
    "or Keras' mnist.npz. Name none, and the files are downloaded."
)


def find(place: Path) -> dict[str, bytes]:
    """Return the four IDX files at or below `place`, uncompressed, by name.

    Each may be raw, gzipped, in a zip archive, or an array in an archive of NumPy. Raises `DataError`, which lists the
    missing files and the damaged ones.
    """
    files: dict[str, bytes] = {}
    problems: list[str] = []
    right = {digest: name for name, digest in DATASET.files.items()}
    for path in _candidates(place, problems):
        for content in _contents(path, problems):
            known = right.get(hashlib.sha256(content).hexdigest())
            name = known or NAMES.get(len(content), _similar_name(path.name))
            if name and name not in files:
                try:
                    files[name] = content if known else verify(name, content, path)
                except DataError as error:
                    problems.append(str(error))
        if len(files) == len(BYTES):
            return files
    missing = ", ".join(name for name in BYTES if name not in files)
    more = [f"{len(problems) - 3} more problems"] if len(problems) > 3 else []
    raise DataError("; ".join([f"data directory {place} lacks {missing}", *problems[:3], *more]) + f". {REMEDY}")


def _candidates(place: Path, problems: list[str]) -> Iterator[Path]:
    """Yield `place` if it is a file, otherwise the files below it whose names suggest the data set."""
    try:
        is_folder = stat.S_ISDIR(place.stat().st_mode)
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise DataError(f"data directory {place} {reason}. {REMEDY}") from error
    if not is_folder:
        yield place
        return

    def unreadable(error: OSError) -> None:
        problems.append(f"{error.filename} cannot be read: {error.strerror}")

    for folder, below, names in os.walk(place, onerror=unreadable, followlinks=True):
        below.sort(key=lambda name: (name != DATASET.name, name))  # MNIST before FashionMNIST, whose files are alike
        if len(Path(folder).relative_to(place).parts) == DEPTH:
            below.clear()
        for name in sorted(names):
            if _similar_name(name) or name.lower().endswith((".npz", ".zip")):
                yield Path(folder, name)


def _contents(path: Path, problems: list[str]) -> Iterator[bytes]:
    """Yield each IDX file in `path`; append the reason to `problems` if it cannot be read."""
    try:
        check_regular(path, LARGEST)
        with path.open("rb") as file:
            yield from _unpacked(file)
    except Exception as error:  # a damaged archive raises errors of many types
        problems.append(f"{path} cannot be read: {type(error).__name__}: {error}")


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Yield each IDX file in `file`, at most `LARGEST` bytes of it."""
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"PK\3\4"):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                wanted = _similar_name(Path(member.filename).name) or member.filename.endswith(".npy")
                if wanted and member.file_size <= LARGEST:
                    yield from _unpacked(io.BytesIO(archive.read(member)))
    elif magic.startswith(b"\x1f\x8b"):
        yield gzip.GzipFile(fileobj=file).read(LARGEST)
    elif magic == b"\x93NUMPY":
        yield idx_bytes(np.load(file, allow_pickle=False))
    else:
        yield file.read()


def _similar_name(name: str) -> str | None:
    """Return the IDX file that `name` denotes, in any case, punctuation and ending."""
    letters = re.sub(r"[\W_]", "", name.lower())
    return next((each for each in BYTES if letters.startswith(each.partition("-idx")[0].replace("-", ""))), None)
