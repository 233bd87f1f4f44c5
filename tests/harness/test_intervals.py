"""Confidence intervals are those of Student and Welch, and a margin is compared with all of an interval."""

import numpy as np
import pytest
from scipy import stats

from harness.judging.intervals import Interval, difference_of_means, paired_effect

MARGIN = 0.2


def test_paired_interval_is_students():
    """0.2 +- t * s / sqrt(n), where t(97.5 %, 2 degrees of freedom) = 4.3027 and s = 0.1."""
    half = 4.3027 * 0.1 / np.sqrt(3)
    assert paired_effect([97.1, 98.2, 99.3], [97.0, 98.0, 99.0]) == pytest.approx((0.2, 0.2 - half, 0.2 + half), 1e-4)


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(-0.1, 0.1, "within"), (-0.2, 0.1, "across"), (0.2, 0.3, "across"), (0.21, 0.3, "above"), (-0.3, -0.21, "below")],
)
def test_place_of_an_interval(low, high, side):
    assert Interval(0.0, low, high).against(MARGIN) == side


def test_difference_of_means_is_welchs():
    a, b = [0.0, 3.0, 0.0], [20.0, 0.0, 20.0, 0.0]
    a_error, b_error = np.var(a, ddof=1) / 3, np.var(b, ddof=1) / 4
    freedom = (a_error + b_error) ** 2 / (a_error**2 / 2 + b_error**2 / 3)
    half = stats.t.isf(0.05, freedom) * np.sqrt(a_error + b_error)
    assert difference_of_means(a, b) == pytest.approx((-9.0, -9.0 - half, -9.0 + half))
