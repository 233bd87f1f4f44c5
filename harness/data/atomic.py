"""Atomic writing of files: the old file stays until the new one is complete."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to. In the end that file replaces `path`; if the block raises, it is removed.

    A pipe or a device, such as /dev/stdout, is written to directly, and so is a file in a read-only folder.
    Raises `OSError`, which names `path`.
    """
    place = path.resolve()  # a link stays a link
    partial = place.with_name(f".{place.name}.partial")
    try:
        if path.exists() and not (path.is_file() and os.access(place.parent, os.W_OK)):
            yield path
            return
        partial.unlink(missing_ok=True)  # left by a killed process
        try:
            yield partial
            partial.replace(place)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def write(path: Path, text: str) -> None:
    """Write the text, as `replacing` does."""
    with replacing(path) as file:
        file.write_text(text, encoding="utf-8")


def problem(path: Path) -> str:
    """Return why no file can be written to `path`, as far as can be seen in advance; "" if it can."""
    folder = path.absolute().parent
    if path.is_dir():
        return "this is a folder"
    if not folder.is_dir():
        return f"there is no folder {folder}"
    return "" if os.access(path if path.exists() else folder, os.W_OK) else "it cannot be written"
