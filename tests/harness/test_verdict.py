"""A verdict is wrong as rarely as it claims, in any noise, and is inconclusive without evidence."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from harness.judging.verdict import FEWEST, judge

MARGIN = 0.05
ALPHA = 0.005
RUNS = 200

NOISES = {
    "normal": lambda random, n: random.standard_normal(n),
    "heavy tails": lambda random, n: random.standard_t(2, n),
    "two speeds": lambda random, n: random.choice([0, 10], n) + 0.1 * random.standard_normal(n),
    "outliers on one side": lambda random, n: random.exponential(1, n),
}


def pairs(random, noise, spread, slowdown=0.0, count=FEWEST):
    """Both sides of a run, (count,) each: each has its own noise, and both have the drift of the machine."""
    drift = 1 + 0.1 * np.arange(count)
    baseline, candidate = (drift * np.exp(spread * NOISES[noise](random, count)) for _ in range(2))
    return baseline, (1 + slowdown) * candidate


def words(noise, spread, slowdown=0.0):
    random = np.random.default_rng(1)
    return Counter(judge(*pairs(random, noise, spread, slowdown), MARGIN, ALPHA).word for _ in range(RUNS))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("spread", [0.02, 0.2])
def test_equal_versions_are_rarely_different(noise, spread):
    found = words(noise, spread)
    assert found["better"] + found["worse"] <= 0.01 * RUNS


@pytest.mark.parametrize(
    ("noise", "spread", "slowdown", "word"),
    [
        *((noise, 0.005, 0.5, "worse") for noise in NOISES),
        ("normal", 0.005, -0.2, "better"),
        ("normal", 0.002, 0.02, "same"),
        ("normal", 0.5, 0.0, "inconclusive"),
    ],
)
def test_clear_cases_have_their_verdict(noise, spread, slowdown, word):
    assert words(noise, spread, slowdown)[word] >= 0.99 * RUNS


@pytest.mark.parametrize(
    ("ratio", "word"), [(1.0495, "same"), (1.0505, "worse"), (1 / 1.0495, "same"), (1 / 1.0505, "better")]
)
def test_margin_is_a_ratio_in_both_directions(ratio, word):
    """The logarithm of 1.05 is 0.0488: a margin without the logarithm would be off by 0.0012."""
    assert judge([1.0] * 8, [ratio] * 8, MARGIN, ALPHA).word == word


def test_printed_interval_is_students_at_95_percent():
    baseline, candidate = pairs(np.random.default_rng(6), "normal", 0.02, slowdown=0.1, count=9)
    logarithms = np.log(candidate / baseline)
    low, high = stats.ttest_1samp(logarithms, 0).confidence_interval(0.95)
    found = judge(baseline, candidate, MARGIN, ALPHA)
    assert (found.change, found.low, found.high) == pytest.approx(np.expm1([logarithms.mean(), low, high]))


@pytest.mark.parametrize(
    ("limit", "towards", "word", "alpha"),
    [(0.002, 1, "worse", 0.005), (-0.002, -1, "better", 0.0001), (0.002, -1, "same", 0.0001)],
)
def test_deciding_interval_has_error_rate_alpha(limit, towards, word, alpha):
    noise = np.random.default_rng(7).normal(0, 0.0001, 14)
    _, half = stats.ttest_1samp(noise - noise.mean(), 0).confidence_interval(1 - alpha)
    for reach, expected in [(1.001, word), (0.999, "inconclusive")]:
        lost = noise - noise.mean() + limit + towards * reach * half
        assert judge(np.full(14, 0.97), 0.97 - lost, 0.002, alpha, "points").word == expected


def test_fewer_than_eight_pairs_decide_nothing():
    assert judge([1.0] * 7, [2.0] * 7, MARGIN, ALPHA).word == "inconclusive"
    one = judge([1.0], [2.0], MARGIN, ALPHA)
    assert (one.change, one.low, one.high) == (1.0, -1.0, math.inf)


def test_needed_pairs_make_the_interval_reach_the_margin():
    baseline, candidate = pairs(np.random.default_rng(4), "normal", 0.03, slowdown=0.04, count=40)
    found = judge(baseline, candidate, MARGIN, ALPHA)
    logarithms = np.log(candidate / baseline)
    spread = logarithms.std(ddof=1) / math.sqrt(found.needed)
    _, reach = stats.t.interval(1 - ALPHA, found.needed - 1, logarithms.mean(), spread)
    assert reach == pytest.approx(math.log(1.05), abs=1e-4)


@pytest.mark.parametrize(
    ("baseline", "candidate", "word"),
    [
        ([], [], "missing"),
        ([1.0] * 8, [1.0] * 7 + [0.0], "not comparable"),
        ([1.0] * 8, [1.0] * 7 + [math.nan], "not comparable"),
    ],
)
def test_unusable_values_have_a_reason(baseline, candidate, word):
    found = judge(baseline, candidate, MARGIN, ALPHA)
    assert found.word == word
    assert found.reason


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan])
def test_margin_must_be_positive(margin):
    with pytest.raises(ValueError, match=str(margin)):
        judge([1.0], [1.0], margin, ALPHA)


@pytest.mark.parametrize(
    ("baseline", "change", "margin", "unit", "text"),
    [
        (0.96, 0.01, 0.002, "points", "better +1.00pt"),
        (0.96, -0.01, 0.002, "points", "worse -1.00pt"),
        (0.96, 0.0, 0.002, "points", "same +0.00pt"),
        (0.0, 5120.0, 4096, "KiB", "worse +5.0 KiB"),
        (0.0, -5120.0, 4096, "KiB", "better -5.0 KiB"),
        (2.0, 1.0, 0.05, "%", "worse +50.0%"),
    ],
)
def test_units(baseline, change, margin, unit, text):
    """More accuracy is better, and more bytes or seconds are worse."""
    assert str(judge([baseline] * 8, [baseline + change] * 8, margin, ALPHA, unit)).startswith(text)
