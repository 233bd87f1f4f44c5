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


def seconds(text: str) -> float:
    """Return a number of seconds above 0, below 1e9."""
    return _positive(text, "a positive number of seconds", below=1e9)


def minutes(text: str) -> float:
    """Return a number of minutes above 0."""
    return _positive(text, "a number of minutes above 0")


def percent(text: str) -> float:
    """Return the fraction of a percentage above 0: "5" or "5%" -> 0.05."""
    return _positive(text, "a percentage above 0, such as 5", unit="%") / 100


def chance(text: str) -> float:
    """Return the fraction of a percentage between 0 and 50: "1" or "1%" -> 0.01."""
    return _positive(text, "a percentage above 0 and below 50, such as 1", unit="%", below=50) / 100


def _positive(text: str, expected: str, unit: str = "", below: float = math.inf) -> float:
    try:
        value = float(text.removesuffix(unit))
    except ValueError:
        value = 0.0
    if not 0 < value < below:
        raise ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value
