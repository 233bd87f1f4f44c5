"""Numbers on the command line: functions that argparse calls to read one, each with the message for other text."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a type of options: an integer from `low` to `high`, or without an upper limit."""
    expected = f"from {low:,} to {high:,}" if high else f"of at least {low}"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < low or int(text) > (high or int(text)):
            raise ArgumentTypeError(f"expected a whole number {expected}, got {text!r}")
        return int(text)

    return parse


def _positive(expected: str, below: float = math.inf, unit: str = "", per: int = 1) -> Callable[[str], float]:
    """Return a type of options: a number above 0, below `below`, that may end with `unit`, divided by `per`."""

    def parse(text: str) -> float:
        try:
            value = float(text.removesuffix(unit))
        except ValueError:
            value = 0.0
        if not 0 < value < below:
            raise ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value / per

    return parse


seconds = _positive("a positive number of seconds", below=1e9)
minutes = _positive("a number of minutes above 0")
percent = _positive("a percentage above 0, such as 5", unit="%", per=100)  # "5" or "5%" -> 0.05
chance = _positive("a percentage above 0 and below 50, such as 1", below=50, unit="%", per=100)
