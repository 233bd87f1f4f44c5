"""A training as a file that every framework reads: a NumPy archive of the arrays of `Adapter.get_checkpoint`."""

import io
import math
import os
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from impls.checks import check_checkpoint_forms, check_forms
from impls.contract import NETWORKS, Network
from impls.files import check_regular

MOST_BYTES = 2**30  # of an archive
HEADER = 2**16  # bytes; NumPy writes 128
NO_ARCHIVE = "not an archive of NumPy arrays"


def check_place(path: Path) -> Path:
    """Return `path` if a file can be written there, as far as can be seen; otherwise raise `ValueError`."""
    place = Path(os.path.realpath(path))
    problems = {
        "it is a folder": place.is_dir(),
        "it is not a regular file": place.exists() and not place.is_file(),
        "its folder is not there": not place.parent.is_dir(),
        "its folder is read-only": not os.access(place.parent, os.W_OK),
    }
    for problem, found in problems.items():
        if found:
            raise ValueError(f"{path} cannot be written: {problem}")
    return path


def save(path: Path, checkpoint: Mapping[str, np.ndarray]) -> None:
    """Write the file atomically: an old file stays until the new one is complete. Raises `OSError`, which names it."""
    place = Path(os.path.realpath(path))  # a link stays a link
    partial = place.with_name(f".{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **checkpoint)
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the new name on an empty file
        partial.replace(place)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}; nothing was changed there") from None
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path, network: Network = NETWORKS["mlp"]) -> dict[str, np.ndarray]:
    """Return a checkpoint of `network`, or its parameters alone, float of any width. Raises `ValueError`.

    A network with `state` needs a checkpoint, as its evaluation depends on the state.

    Names, shapes and dtypes are compared with the network before any array is read, so that memory is bounded.
    """
    try:
        check_regular(path, MOST_BYTES)
        with zipfile.ZipFile(path) as archive:
            members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
            if len(members) < len(archive.infolist()):
                raise ValueError(f"{NO_ARCHIVE}: a name is there twice")
            forms = {name: _form(archive, member) for name, member in members.items()}
            if is_checkpoint(forms) or network.state:
                check_checkpoint_forms(forms, network)
            else:
                check_forms(forms, network.shapes)
            return {name: _array(archive, members[name], *forms[name]) for name in forms}
    except Exception as error:  # zipfile, zlib and NumPy raise exceptions of any type for a damaged file
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if not isinstance(error, OSError | ValueError):
            reason = NO_ARCHIVE
        reason = " ".join(reason.split())
        raise ValueError(f"{path} cannot be read as parameters: {reason}; --save writes such a file") from None


def is_checkpoint(names: Collection[str]) -> bool:
    """Return whether these are names of a checkpoint. Otherwise they are of parameters alone, such as of a teacher."""
    return any(name.partition("/")[0] in ("m", "v", "state", "steps", "shuffling") for name in names)


def _form(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype]:
    """Return the shape and the dtype in the header of an array."""
    try:
        with archive.open(member) as file:
            start = io.BytesIO(file.read(HEADER))
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[npy.read_magic(start)]
        shape, _, dtype = read(start)
    except Exception as error:  # as above
        raise ValueError(f"{NO_ARCHIVE}: {member.filename[:80]!r}: {str(error)[:200]}") from None
    if dtype.hasobject:
        raise ValueError(f"{NO_ARCHIVE}: {member.filename[:80]!r} holds Python objects")
    return shape, dtype


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return an array whose form is known to be right. What is read is at most `HEADER` longer than the array."""
    size = math.prod(shape) * dtype.itemsize
    if not size < member.file_size <= size + HEADER:
        raise ValueError(f"{NO_ARCHIVE}: {member.filename!r} has {member.file_size:,} bytes, its array {size:,}")
    return npy.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)
