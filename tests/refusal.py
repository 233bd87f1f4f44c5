"""The refusal of a file: one line that names it."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest


def refused(read: Callable[[Path], object], file: Path | bytes) -> str:
    """Assert that `read` refuses a file, or a file of this content, in one line that names it; return the line."""
    with tempfile.TemporaryDirectory() as folder:
        path = file
        if isinstance(file, bytes):
            path = Path(folder, "content")
            path.write_bytes(file)
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            read(path)
    [line] = str(caught.value).splitlines()
    assert str(path) in line
    return line
