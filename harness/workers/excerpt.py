"""Text of any length in the few short lines that a report has room for; it says what it leaves out."""

import os
from typing import BinaryIO

FIRST, LAST = 10, 20  # lines: the head of a message and, above all, its end
CHARACTERS = 300  # of a line
TAIL = 2**16  # bytes of a file that are read


def excerpt(text: str) -> str:
    """The first and the last lines, each of at most `CHARACTERS` and a few."""
    lines = text.splitlines()
    if len(lines) > FIRST + LAST:
        lines = [*lines[:FIRST], f"[... {len(lines) - FIRST - LAST:,} lines ...]", *lines[-LAST:]]
    return "\n".join(map(shortened, lines))


def shortened(line: str) -> str:
    """The line, without its middle if it is too long."""
    if len(line) <= CHARACTERS:
        return line
    third = CHARACTERS // 3
    return f"{line[: 2 * third]} [... {len(line) - 3 * third:,} characters ...] {line[-third:]}"


def tail(file: BinaryIO) -> str:
    """The last lines of an open file, of which at most `TAIL` bytes are read. Its position stays where it is."""
    size = os.fstat(file.fileno()).st_size
    lines = os.pread(file.fileno(), TAIL, max(0, size - TAIL)).decode(errors="replace").splitlines()
    cut = [f"[... cut: the last of {size:,} bytes ...]"] if size > TAIL or len(lines) > FIRST + LAST else []
    return "\n".join([*cut, *map(shortened, lines[-FIRST - LAST :])])
