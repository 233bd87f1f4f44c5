"""Confidence intervals of means, and their place relative to a margin."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy  # which loads scipy.stats at its first use: that takes a second


class Interval(NamedTuple):
    """A mean and its confidence interval, in the unit of the data."""

    mean: float
    low: float
    high: float

    def against(self, margin: float) -> str:
        """Return "within" if all of it is between -margin and +margin, "above" or "below" if all of it is beyond.

        Otherwise return "across": absence of evidence is not evidence of absence.
        """
        if -margin < self.low and self.high < margin:
            return "within"
        if self.low > margin:
            return "above"
        return "below" if self.high < -margin else "across"


def half_width(error: float, values: int, spread: float) -> float:
    """Return half the width of Student's interval of the mean of `values` values, wrong with a chance of `error`.

    `spread` is the standard deviation of the values; the result has its unit.
    """
    return float(scipy.stats.t.isf(error / 2, values - 1)) * spread / math.sqrt(values)


def mean_interval(values: Sequence[float], error: float = 0.05) -> Interval:
    """Return Student's interval of the mean of values, (n,), n >= 2, wrong with a chance of `error`."""
    mean = float(np.mean(values))
    half = half_width(error, len(values), float(np.std(values, ddof=1)))
    return Interval(mean, mean - half, mean + half)


def paired_effect(changed: Sequence[float], baseline: Sequence[float]) -> Interval:
    """Return the mean of `changed - baseline`, at 95 %. Both (n,), n >= 2."""
    return mean_interval(np.subtract(changed, baseline))


def difference_of_means(a: Sequence[float], b: Sequence[float]) -> Interval:
    """Return the mean of a, (n,), less the mean of b, (m,), at 90 %; n, m >= 2.

    Welch's interval does not assume equal variances. At 90 %, "within" a margin is two one-sided tests at 5 %
    (Schuirmann 1987, doi:10.1007/BF01068419).
    """
    mean = float(np.mean(a) - np.mean(b))
    if not (np.std(a) or np.std(b)):
        return Interval(mean, mean, mean)
    return Interval(mean, *map(float, scipy.stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.90)))
