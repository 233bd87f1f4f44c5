"""A file is written whole or not at all: what stood there before stays until its successor is complete."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The path of a file beside `path` that takes its place in the end, and is removed if something was raised.

    What is no ordinary file, such as /dev/stdout or a pipe, is written to as it is, and so is a file whose folder takes
    no other. Raises `OSError`.
    """
    if path.exists() and not (path.is_file() and os.access(path.parent, os.W_OK)):
        yield path
        return
    with succeeding(path.resolve()) as partial:  # a link stays a link
        yield partial


@contextlib.contextmanager
def succeeding(path: Path) -> Iterator[Path]:
    """The same for whatever `path` is: it is replaced, and never written to."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)  # of a run that was killed
    try:
        yield partial
        if partial.exists():
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write_text(text)


def obstacle(path: Path) -> str:
    """Why no file can be written there, as far as can be seen before; nothing if it can."""
    folder = path.absolute().parent
    if path.is_dir():
        return "this is a folder"
    if not folder.is_dir():
        return f"there is no folder {folder}"
    return "" if os.access(path if path.exists() else folder, os.W_OK) else "it cannot be written"
