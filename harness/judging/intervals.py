"""What a handful of trainings allows to say of means: how large an effect is, and whether two means agree."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Interval(NamedTuple):
    """A mean and its confidence interval, in the unit of the data."""

    mean: float
    low: float
    high: float


def half_width(error: float, values: int, spread: float) -> float:
    """Half of Student's interval of the mean of so many values, which is wrong with a chance of `error`.

    `spread` is the standard deviation of the values; the answer has its unit.
    """
    return float(stats.t.isf(error / 2, values - 1)) * spread / math.sqrt(values)


def paired_effect(changed: Sequence[float], baseline: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean of `changed - baseline`, pair by pair, with Student's t interval. Both (n,), n >= 2, or `ValueError`."""
    differences = np.asarray(changed, float) - np.asarray(baseline, float)
    if differences.ndim != 1 or len(differences) < 2:
        raise ValueError(f"an interval needs at least 2 pairs, got {differences.size}")
    if not np.isfinite(differences).all():
        raise ValueError("the pairs must be finite numbers")
    mean = float(differences.mean())
    if not differences.std():
        return Interval(mean, mean, mean)
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(confidence)
    return Interval(mean, float(low), float(high))


class Agreement(NamedTuple):
    """Whether two means agree within a margin: "equivalent", "different" or "inconclusive"."""

    verdict: str
    difference: Interval


def agreement(a: Sequence[float], b: Sequence[float], margin: float) -> Agreement:
    """Do the means of two samples, (n,) and (m,), agree within `margin`? `ValueError` if n or m is below 2.

    Two one-sided tests at 5 % (Schuirmann 1987, doi:10.1007/BF01068419), without the assumption of equal variances:
    "equivalent" if Welch's 90 % interval of the difference lies inside the margin, "different" if it lies outside,
    "inconclusive" otherwise. Failing to see a difference is not evidence of none.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError(f"an agreement needs at least 2 values on each side, got {len(a)} and {len(b)}")
    mean = float(np.mean(a) - np.mean(b))
    low, high = mean, mean
    if np.std(a) or np.std(b):
        low, high = map(float, stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.90))
    verdict = "inconclusive"
    if -margin < low and high < margin:
        verdict = "equivalent"
    elif low > margin or high < -margin:
        verdict = "different"
    return Agreement(verdict, Interval(mean, low, high))
