"""A file of JSON lines: an object a line, each on the disk as soon as it is added."""

import json
import os
from pathlib import Path
from typing import Any

from harness.data import atomic


def read(file: Path) -> list[dict[str, Any]]:
    """Return the objects of a file; none if there is no file. Raises `ValueError` for any other line, and `OSError`.

    A last line that is incomplete is removed from the file: the process that wrote it was killed. A first line that is
    incomplete counts as damaged, as the file may be of another kind.
    """
    content = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    complete, _, rest = content.rpartition("\n")
    found = [_loaded(line) for line in complete.split("\n")] if content else []
    if None in found:
        raise ValueError(f"{file}: line {1 + found.index(None)} is damaged; remove that line")
    if rest:
        atomic.write(file, complete + "\n")
    return found


def append(file: Path, line: dict[str, Any]) -> None:
    """Add an object, and write it to the disk. Raises `OSError`."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")
        lines.flush()
        os.fsync(lines.fileno())


def _loaded(line: str) -> dict[str, Any] | None:
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
