"""MNIST in a folder of the user's: recognised by its bytes, whatever its files are named and wrapped in."""

import gzip
import io
import math
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from harness.data.idx import BYTES, DataError, idx_bytes, verify
from impls.contract import DATASET

DEPTH = 3  # folders below the one that is given: MNIST/raw/train-images-idx3-ubyte/train-images.idx3-ubyte
ENTRIES = 10_000  # in all folders together: whoever has more has not named MNIST's folder
SMALLEST = int(DATASET.test * math.log2(DATASET.classes) / 8)  # bytes of a file that is opened: labels take as many
LARGEST = int(1.2 * sum(BYTES.values()))  # the same: one archive may hold all four
MEMBERS = 16  # of a zip file
NAMES = {size: name for name, size in BYTES.items()}
OTHER_FORMS = {".7z", ".arff", ".bz2", ".csv", ".mat", ".parquet", ".pkl", ".pt", ".rar", ".tar", ".tgz", ".xz"}
REMEDY = f"Name a directory that holds {DATASET.name}'s four IDX files, or none at all to let the project obtain them."


def find(place: Path) -> dict[str, bytes]:
    """The four IDX files, by name, out of `place`: a folder, looked through to a small depth, or one file.

    Each may be raw, gzipped, an array in NumPy's format, or any of these in a zip file, such as Keras' mnist.npz.
    Raises `DataError`, which says what comes near MNIST.
    """
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        link = f" (a link to {place.readlink()})" if place.is_symlink() else ""
        raise DataError(f"data directory {place}{link} does not exist. {REMEDY}") from None
    except OSError as error:
        raise DataError(f"data directory {place} cannot be reached: {_why(error)}. {REMEDY}") from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise DataError(f"data directory {place} is neither a directory nor a file. {REMEDY}")
    search = _Search(place)
    if len(search.files) < len(BYTES):
        raise DataError(f"data directory {place} {search.complaint()}. {REMEDY}")
    return search.files


class _Search:
    """What is found.

    - `files`: IDX files, verified, by name.
    - `flaws`: by the name of the file that it should be, what is wrong with one.
    - `unread`: what else may hold MNIST, and why it was not read.
    """

    def __init__(self, place: Path):
        self.place = place
        self.files: dict[str, bytes] = {}
        self.flaws: dict[str, str] = {}
        self.unread: list[str] = []
        self.looked_at = 0
        for path in self._paths():
            self._look_into(path)
            if len(self.files) == len(BYTES):
                return

    def complaint(self) -> str:
        missing = [name for name in BYTES if name not in self.files]
        near = [self.flaws[name] for name in missing if name in self.flaws] + self.unread
        if self.files:
            what = f"lacks {'only ' if len(missing) == 1 else ''}{', '.join(missing)}"
        else:
            what = f"holds none of {DATASET.name}'s four files" if self.looked_at or near else "is empty"
        more = [f"and {len(near) - 2} more"] if len(near) > 2 else []
        return "; ".join([what, *near[:2], *more])

    def _paths(self) -> Iterator[Path]:
        """All but folders, those at the top first."""
        if self.place.is_file():
            self.looked_at = 1
            yield self.place
            return
        folders = [self.place]
        for _ in range(DEPTH + 1):
            below = []
            for folder in folders:
                for entry in self._entries(folder):
                    if _is_folder(entry):
                        below.append(Path(entry.path))
                    else:
                        yield Path(entry.path)
            folders = below

    def _entries(self, folder: Path) -> list[os.DirEntry]:
        try:
            with os.scandir(folder) as entries:
                some = sorted(islice(entries, ENTRIES - self.looked_at), key=_mnist_first)
        except OSError as error:
            self.unread.append(f"{folder}: cannot be read: {_why(error)}")
            return []
        self.looked_at += len(some)
        if some and self.looked_at == ENTRIES:
            self.unread.insert(0, f"no more than {ENTRIES:,} files and folders in it were looked at")
        return some

    def _look_into(self, path: Path) -> None:
        name = _named_like(path)
        form = OTHER_FORMS.intersection(map(str.lower, path.suffixes))
        if form:
            self.unread.append(f"{path}: {DATASET.name} in the form {form.pop()} is not read")
            return
        try:
            for content in _contents(path, name is not None):
                self._take(content, path, name)
        except Exception as error:  # whatever a damaged file brings about
            flaw = f"{path}: cannot be read: {_why(error)}"
            if name:
                self.flaws.setdefault(name, flaw)
            elif DATASET.name.lower() in path.name.lower() or path == self.place:
                self.unread.append(flaw)

    def _take(self, content: bytes, path: Path, name: str | None) -> None:
        """`name` is the one that the name of the file suggests; its size is the better witness."""
        if content.startswith(b"\0\0\x08"):  # IDX, of uint8
            name = NAMES.get(len(content), name)
        if name and name not in self.files:
            try:
                self.files[name] = verify(name, content, path)
            except DataError as error:
                self.flaws.setdefault(name, str(error))


def _contents(path: Path, likely: bool) -> Iterator[bytes]:
    """What may be an IDX file in `path`; nothing if it has not the size of one, unless it is `likely` all the same."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
        raise ValueError(f"not a file of at most {LARGEST:,} bytes")
    if likely or status.st_size >= SMALLEST:
        with path.open("rb") as file:
            yield from _unwrapped(file, likely)


def _unwrapped(file: IO[bytes], likely: bool) -> Iterator[bytes]:
    magic, size = file.read(6), file.seek(0, os.SEEK_END)
    file.seek(0)
    if magic.startswith(b"PK\3\4"):
        with zipfile.ZipFile(file) as archive:
            for member in islice(filter(_may_be_idx, archive.infolist()), MEMBERS):
                yield from _unwrapped(io.BytesIO(archive.read(member)), likely=False)
    elif magic.startswith(b"\x1f\x8b"):
        if likely or _unpacked_size(file) in NAMES:
            file.seek(0)
            yield gzip.GzipFile(fileobj=file).read(max(NAMES) + 1)
    elif magic == b"\x93NUMPY":
        array = np.load(file, allow_pickle=False)
        yield idx_bytes(array.reshape(-1, *DATASET.image_shape) if array.ndim > 1 else array)
    elif likely or size in NAMES:
        yield file.read()


def _may_be_idx(member: zipfile.ZipInfo) -> bool:
    return member.file_size in NAMES or (member.file_size <= LARGEST and member.filename.endswith((".npy", ".gz")))


def _unpacked_size(file: IO[bytes]) -> int:
    """Of a gzip file, as its last four bytes say."""
    file.seek(-4, os.SEEK_END)
    return int.from_bytes(file.read(), "little")


def _named_like(path: Path) -> str | None:
    """The one of the four names that `path` has but for case, punctuation and ending."""
    letters = re.sub(r"[\W_]", "", path.name.lower())
    return next((name for name in BYTES if letters.startswith(name.partition("-idx")[0].replace("-", ""))), None)


def _mnist_first(entry: os.DirEntry) -> tuple[bool, str]:
    """Beside a folder MNIST there may be others of the same form, such as FashionMNIST."""
    return entry.name != DATASET.name, entry.name


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link into a folder that may not be entered
        return False


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
