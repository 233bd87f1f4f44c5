"""The parts that studies share: the data set, a type of options, intervals as text, and the table that is printed."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.table import Table

from harness.data.obtain import DataError, obtain
from harness.data.reference import Parts
from harness.judging.intervals import Interval


def dataset() -> Parts:
    """Return the data set. Without it, end the program with one line."""
    try:
        return Parts.at(obtain())
    except DataError as error:
        sys.exit(f"error: {error}")


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a type of options: a whole number of at least `minimum`."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {minimum}, got {text!r}")
        return int(text)

    return whole_number


def limits(interval: Interval, shown: str = "{:+.2f}") -> str:
    return f"{shown.format(interval.low)} to {shown.format(interval.high)}"


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> None:
    table = Table(title=title, title_justify="left", caption=caption or None)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=120).print(table)
