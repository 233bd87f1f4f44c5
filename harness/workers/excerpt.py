"""Text of any length in the few short lines that a report has room for; it says what it leaves out."""

FIRST, LAST = 10, 20  # lines: the head of a message and, above all, its end
CHARACTERS = 300  # of a line
TAIL = 2**16  # bytes of a file that are looked at


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


def tail(path: str) -> str:
    """The last lines of the file, of which no more than `TAIL` bytes are read."""
    with open(path, "rb") as file:  # noqa: PTH123 - the path may be another machine's, as text
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        lines = file.read().decode(errors="replace").splitlines()
    cut = [f"[... cut: the last of {size:,} bytes ...]"] if size > TAIL or len(lines) > FIRST + LAST else []
    return "\n".join([*cut, *map(shortened, lines[-FIRST - LAST :])])
