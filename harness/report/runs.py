"""Statistics over process runs: a list holds one number for each run, or None where it was not measured."""

import math
import statistics
from collections.abc import Iterable, Sequence

MEBIBYTE = 2**20


def finite(values: Iterable[float | None]) -> list[float]:
    """Return the values that were measured."""
    return [value for value in values if value is not None and math.isfinite(value)]


def median(values: Iterable[float | None]) -> float | None:
    """Return the median of the values that were measured; None if there is none."""
    known = finite(values)
    return statistics.median(known) if known else None


def spread(values: Iterable[float | None]) -> float | None:
    """Return the standard deviation as a part of the mean; None for fewer than two values."""
    known = finite(values)
    return statistics.stdev(known) / statistics.mean(known) if len(known) > 1 else None


def ratio(numerators: Sequence[float | None], denominators: Sequence[float | None]) -> float | None:
    """Return the median of the ratios of each run, whose drift both share; None if no run has both."""
    pairs = zip(numerators, denominators, strict=False)
    return median(above / below for above, below in pairs if above is not None and below)
