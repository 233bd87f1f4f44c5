"""Excerpts of long texts: a few short lines, as many as a report has room for."""

import os
from typing import BinaryIO

FIRST, LAST = 10, 20  # lines: the head of a message and, above all, its end
CHARACTERS = 300  # of a line
UNANSWERED = "unanswered.txt"  # in the folder of a worker: the traceback of the error that ended it
TAIL = 2**16  # bytes of a file that are read


def excerpt(text: str) -> str:
    """Return the first and the last lines, shortened, and the number of those left out."""
    lines = text.splitlines()
    if len(lines) > FIRST + LAST:
        lines = [*lines[:FIRST], f"[... {len(lines) - FIRST - LAST:,} lines ...]", *lines[-LAST:]]
    return "\n".join(map(shortened, lines))


def shortened(line: str) -> str:
    """Return the line; one of more than `CHARACTERS` without its middle."""
    if len(line) <= CHARACTERS:
        return line
    third = CHARACTERS // 3
    return f"{line[: 2 * third]} [... {len(line) - 3 * third:,} characters ...] {line[-third:]}"


def tail(file: BinaryIO) -> str:
    """Return the last lines of an open file, shortened. Its position stays where it is."""
    content = os.pread(file.fileno(), TAIL, max(0, os.fstat(file.fileno()).st_size - TAIL))
    return "\n".join(map(shortened, content.decode(errors="replace").splitlines()[-LAST:]))
