"""Parameters as a file that every framework reads: a NumPy archive of arrays by their names in impls/contract.py."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def check_place(path: Path) -> Path:
    """Return `path` if a file can be written there, as far as can be seen; otherwise raise `ValueError`."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ValueError(
            f"{path} cannot be written: {'it is a folder' if path.is_dir() else 'its folder is not there'}"
        )
    return path


def save(path: Path, parameters: Mapping[str, np.ndarray]) -> None:
    """Write the file as a whole: what stood there before stays until it is complete. Raises `OSError`."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **parameters)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> dict[str, np.ndarray]:
    """The arrays by name, whatever they are: `set_parameters` checks them. Raises `ValueError`."""
    try:
        with path.open("rb") as file:
            return dict(np.load(file, allow_pickle=False))
    except (OSError, EOFError, ValueError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not an archive of NumPy arrays"
        raise ValueError(f"{path} cannot be read as parameters: {reason}; --save writes such a file") from None
