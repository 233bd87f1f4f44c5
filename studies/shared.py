"""The parts that studies share: the data set, intervals as text, and the table that is printed."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console

from harness.data.lazy import Parts
from harness.data.obtain import DataError, obtain
from harness.judging.intervals import Interval
from harness.report.tables import plain_table


def dataset() -> Parts:
    """Return the data set. Without it, end the program with one line."""
    try:
        return Parts.at(obtain())
    except DataError as error:
        sys.exit(f"error: {error}")


def limits(interval: Interval, shown: str = "{:+.2f}") -> str:
    """Return an interval as text, each end in the format `shown`."""
    return f"{shown.format(interval.low)} to {shown.format(interval.high)}"


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], *caption: str) -> None:
    """Print a table, 120 columns wide."""
    Console(width=120, highlight=False).print(plain_table(title, headings, rows, *caption))
