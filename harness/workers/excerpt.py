"""Excerpts of long texts: a few short lines, as many as a report has room for."""

import os
from typing import BinaryIO

FIRST, LAST = 10, 20  # lines: the head of a message and, above all, its end
CHARACTERS = 300  # of a line
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


def in_a_line(error: Exception) -> str:
    """Return the type of an error, the first line of its message and, if there are more, the last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = " ... ".join(map(shortened, dict.fromkeys(lines[:1] + lines[-1:])))
    return f"{type(error).__name__}: {message}".rstrip(": ")


def tail(file: BinaryIO) -> str:
    """Return the last lines of an open file, shortened. Its position stays where it is."""
    content = os.pread(file.fileno(), TAIL, max(0, os.fstat(file.fileno()).st_size - TAIL))
    return "\n".join(map(shortened, content.decode(errors="replace").splitlines()[-LAST:]))
