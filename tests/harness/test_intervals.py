"""The statistics say what they should of samples whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from harness.judging.intervals import Interval, difference_of_means, paired_effect

MARGIN = 0.2


def samples(count, shift=0.0, spread=0.1, seed=0):
    return np.random.default_rng(seed).normal(98.0 + shift, spread, count)


def test_effect_of_a_constant_shift_is_that_shift():
    baseline = np.array([97.0, 98.0, 99.0])
    assert paired_effect(baseline + 0.25, baseline) == (0.25, 0.25, 0.25)


def test_the_interval_is_students():
    """0.2 +- t * s / sqrt(n), where t(97.5 %, 2 degrees of freedom) = 4.3027 and s = 0.1."""
    effect = paired_effect([97.1, 98.2, 99.3], [97.0, 98.0, 99.0])
    half = 4.3027 * 0.1 / np.sqrt(3)
    assert effect == pytest.approx((0.2, 0.2 - half, 0.2 + half), rel=1e-4)


def test_pairing_takes_out_what_the_pairs_share():
    baseline = np.linspace(90, 99, 10)
    effect = paired_effect(baseline + 0.1 + samples(10, spread=0.01) - 98, baseline)
    assert 0.08 < effect.low < 0.1 < effect.high < 0.12


def test_interval_covers_the_truth_as_often_as_it_claims():
    covered = 0
    for seed in range(400):
        effect = paired_effect(samples(10, 0.3, seed=2 * seed), samples(10, seed=2 * seed + 1))
        covered += effect.low <= 0.3 <= effect.high
    assert 0.92 < covered / 400 < 0.98  # 95 % within three standard errors of 400 trials


@pytest.mark.parametrize(
    ("shift", "count", "side"),
    [
        (0.0, 20, "within"),
        (0.5, 20, "above"),
        (-0.5, 20, "below"),
        (0.2, 20, "across"),
        (-0.2, 20, "across"),
    ],
)
def test_a_difference_is_within_a_margin_beyond_it_or_not_known_to_be_either(shift, count, side):
    assert difference_of_means(samples(count, shift), samples(count, seed=1)).against(MARGIN) == side


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(-0.1, 0.1, "within"), (-0.2, 0.1, "across"), (0.2, 0.3, "across"), (-0.3, -0.2, "across"), (0.21, 0.3, "above")],
)
def test_an_interval_that_touches_the_margin_is_across(low, high, side):
    assert Interval(0.0, low, high).against(MARGIN) == side


def test_the_difference_has_an_interval_in_which_each_side_has_its_own_spread():
    """Welch's, from the variances of both means."""
    a, b = [0.0, 3.0, 0.0], [20.0, 0.0, 20.0, 0.0]
    a_error, b_error = np.var(a, ddof=1) / 3, np.var(b, ddof=1) / 4
    freedom = (a_error + b_error) ** 2 / (a_error**2 / 2 + b_error**2 / 3)
    half = stats.t.isf(0.05, freedom) * np.sqrt(a_error + b_error)
    assert difference_of_means(a, b) == pytest.approx((-9.0, -9.0 - half, -9.0 + half))


def test_few_samples_are_no_evidence_of_agreement():
    assert difference_of_means([97.9, 98.2], [97.8, 98.3]).against(MARGIN) == "across"


def test_false_agreement_is_as_rare_as_claimed():
    """Two means exactly the margin apart must be called equivalent in at most 5 % of trials."""
    wrong = sum(
        difference_of_means(samples(10, MARGIN, seed=2 * seed), samples(10, seed=2 * seed + 1)).against(MARGIN)
        == "within"
        for seed in range(400)
    )
    assert wrong / 400 < 0.083  # 5 % and three standard errors of 400 trials


def test_unequal_counts_and_no_spread_at_all():
    assert difference_of_means([98.0, 98.0], [98.0, 98.0, 98.0]).against(MARGIN) == "within"
    assert difference_of_means([98.0, 98.0], [97.0, 97.0, 97.0]).against(MARGIN) == "above"
    assert difference_of_means([0.0, 0.0], [-0.1, 0.1, 0.0]).low < 0.0  # one side has some


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([], [1.0, 2.0])])
def test_too_few(a, b):
    with pytest.raises(ValueError, match="at least 2"):
        difference_of_means(a, b)


def test_effect_of_too_few_or_of_no_number():
    with pytest.raises(ValueError, match="at least 2 pairs, got 1"):
        paired_effect([1.0], [2.0])
    with pytest.raises(ValueError, match="finite"):
        paired_effect([1.0, float("nan")], [2.0, 3.0])
