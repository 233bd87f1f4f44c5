"""An axis: the position of a number in a figure, and round numbers for its ticks."""

import math
from collections.abc import Iterable
from typing import NamedTuple


class Axis(NamedTuple):
    """Numbers from `low` to `high` on pixels from `start` to `end`; on a logarithmic axis both are above 0."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel, to a tenth. A value beyond an end is drawn there: an error of 0 on a log axis."""
        within = min(max(value, self.low), self.high)
        if self.logarithmic:
            share = math.log(within / self.low) / math.log(self.high / self.low)
        else:
            share = (within - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, most: int = 6, least: float = 0.0) -> list[float]:
        """Return at most `most` powers of ten, or multiples of 1, 2 or 5 times one that are at least `least` apart."""
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            return [10.0**power for power in range(first, last + 1, max(1, math.ceil((last - first + 1) / most)))]
        size = 10.0 ** math.floor(math.log10((self.high - self.low) / most))
        step = next(size * factor for factor in (1, 2, 5, 10, 20) if (self.high - self.low) / (size * factor) < most)
        step = max(step, least)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def from_zero(values: Iterable[float], start: float = 4, end: float = 216) -> Axis:
    """Return a linear axis from 0 to a little above the largest value; by default across a strip of a table."""
    return Axis(0, 1.05 * max(values, default=0) or 1, start, end)


def shown(value: float) -> str:
    """Return a number with three digits; below 1e-3 and from 1e5 on, one digit and a power of ten."""
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
