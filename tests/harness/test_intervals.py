"""Confidence intervals cover the truth as often as they claim, and a margin is compared with all of an interval."""

import numpy as np
import pytest
from scipy import stats

from harness.judging.intervals import Interval, difference_of_means, paired_effect

MARGIN = 0.2


def samples(count, shift=0.0, spread=0.1, seed=0):
    return np.random.default_rng(seed).normal(98.0 + shift, spread, count)


def test_paired_interval_is_students():
    """0.2 +- t * s / sqrt(n), where t(97.5 %, 2 degrees of freedom) = 4.3027 and s = 0.1."""
    half = 4.3027 * 0.1 / np.sqrt(3)
    assert paired_effect([97.1, 98.2, 99.3], [97.0, 98.0, 99.0]) == pytest.approx((0.2, 0.2 - half, 0.2 + half), 1e-4)


def test_paired_interval_covers_the_truth_in_95_percent():
    covered = 0
    for seed in range(400):
        effect = paired_effect(samples(10, 0.3, seed=2 * seed), samples(10, seed=2 * seed + 1))
        covered += effect.low <= 0.3 <= effect.high
    assert 0.92 < covered / 400 < 0.98  # 95 % within three standard errors of 400 trials


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


def test_false_agreement_is_at_most_5_percent():
    """The means are exactly the margin apart."""
    pairs = ((samples(10, MARGIN, seed=2 * seed), samples(10, seed=2 * seed + 1)) for seed in range(400))
    wrong = sum(difference_of_means(*pair).against(MARGIN) == "within" for pair in pairs)
    assert wrong / 400 < 0.083  # 5 % and three standard errors of 400 trials


def test_difference_of_means_without_spread_has_no_width():
    assert difference_of_means([98.0, 98.0], [97.0, 97.0, 97.0]) == (1.0, 1.0, 1.0)
