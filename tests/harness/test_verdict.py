"""A verdict is right as often as it promises, whatever the noise looks like, and says so when it cannot know."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from harness.judging.verdict import FEWEST, LOOKS, MOST, Verdict, judge, judge_accuracy, judge_difference, looks

MARGIN = 0.05
ERROR = 0.005  # of one look
RUNS = 300

NOISES = {
    "normal": lambda random, n: random.standard_normal(n),
    "heavy tails": lambda random, n: random.standard_t(2, n),
    "two speeds": lambda random, n: random.choice([0, 10], n) + 0.1 * random.standard_normal(n),
    "outliers on one side": lambda random, n: random.exponential(1, n),
}


def launches(random, noise, spread, slowdown=0.0, drift=0.0, count=MOST):
    """Both sides of a run, (count,) each: the same noise on both, and the drift of the machine in both."""
    trend = 1 + drift * np.arange(count)
    baseline = trend * np.exp(spread * NOISES[noise](random, count))
    return baseline, (1 + slowdown) * trend * np.exp(spread * NOISES[noise](random, count))


def verdict(baseline, candidate, margin=MARGIN, quantities=1):
    """As a comparison comes to it: looking at some numbers of launches, until it is clear."""
    for look, error in looks(0.01, quantities):
        found = judge(baseline[:look], candidate[:look], margin, error)
        if found.decided:
            break
    return found


def words(noise, spread, slowdown=0.0, **options):
    random = np.random.default_rng(1)
    runs = (launches(random, noise, spread, slowdown, **options) for _ in range(RUNS))
    return Counter(verdict(*run).word for run in runs)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("spread", [0.001, 0.02, 0.2])
def test_the_same_is_called_better_or_worse_once_in_a_hundred_runs_at_most(noise, spread):
    found = words(noise, spread)
    assert found["better"] + found["worse"] <= 0.01 * RUNS


def test_the_promise_is_kept_where_it_is_tightest():
    """At the margin itself every decided verdict is an error: of one quantity at all looks, 1 % may be."""
    random = np.random.default_rng(1)
    runs = [verdict(*launches(random, "normal", 0.02, MARGIN)) for _ in range(1000)]
    assert 0 < sum(run.decided for run in runs) <= 0.01 * len(runs)


@pytest.mark.parametrize("noise", NOISES)
def test_a_large_slowdown_is_seen_in_every_noise(noise):
    assert words(noise, 0.01, slowdown=0.5) == {"worse": RUNS}


def test_a_speed_up_is_better():
    assert words("normal", 0.01, slowdown=-0.2) == {"better": RUNS}


def test_same_needs_evidence_not_its_absence():
    assert words("normal", 0.5) == {"inconclusive": RUNS}


def test_drift_of_the_machine_is_in_both_sides():
    assert words("normal", 0.005, drift=0.1) == {"same": RUNS}


def test_a_small_slowdown_is_the_same_within_the_margin():
    assert words("normal", 0.005, slowdown=0.02) == {"same": RUNS}


def test_more_quantities_need_more_evidence():
    baseline, candidate = launches(np.random.default_rng(2), "normal", 0.01, count=FEWEST)
    first, strict = (next(looks(0.01, quantities))[1] for quantities in (1, 1000))
    assert judge(baseline, candidate, MARGIN, first).word == "same"
    assert judge(baseline, candidate, MARGIN, strict).word == "inconclusive"


@pytest.mark.parametrize("quantities", [1, 77])
def test_what_a_run_may_be_wrong_is_parted_among_quantities_and_looks(quantities):
    planned = list(looks(0.05, quantities))
    assert [launches for launches, _ in planned] == sorted(LOOKS)
    assert quantities * sum(error for _, error in planned) == pytest.approx(0.05)


def test_the_interval_is_the_plain_one_of_95_percent():
    random = np.random.default_rng(3)
    held = 0
    for _ in range(1000):
        found = judge(*launches(random, "normal", 0.02, slowdown=0.1, count=10), MARGIN, ERROR)
        held += found.low <= 0.1 <= found.high
    assert held == pytest.approx(950, abs=3 * math.sqrt(1000 * 0.95 * 0.05))


@pytest.mark.parametrize(
    ("ratio", "word"), [(1.0495, "same"), (1.0505, "worse"), (1 / 1.0495, "same"), (1 / 1.0505, "better")]
)
def test_the_margin_is_a_ratio_and_the_same_to_both_sides(ratio, word):
    """Without any spread. The logarithm of 1.05 is 0.0488: who forgot to take it would be off by 0.0012."""
    assert judge([1.0] * 8, [ratio] * 8, MARGIN, ERROR).word == word


def test_the_interval_is_that_of_a_paired_t_test():
    baseline, candidate = launches(np.random.default_rng(6), "normal", 0.02, slowdown=0.1, count=9)
    logarithms = np.log(candidate / baseline)
    low, high = stats.ttest_1samp(logarithms, 0).confidence_interval(0.95)
    found = judge(baseline, candidate, MARGIN, ERROR)
    assert (found.change, found.low, found.high) == pytest.approx(np.expm1([logarithms.mean(), low, high]))


@pytest.mark.parametrize("error", [0.005, 0.0001])
@pytest.mark.parametrize("count", LOOKS)
@pytest.mark.parametrize(
    ("limit", "towards", "word"),
    [(0.002, 1, "worse"), (-0.002, -1, "better"), (0.002, -1, "same"), (-0.002, 1, "same")],
)
def test_a_verdict_needs_an_interval_that_is_wrong_as_seldom_as_is_said(limit, towards, word, count, error):
    """All of it beyond the limit, or within."""
    noise = np.random.default_rng(7).normal(0, 0.0001, count)
    _, half = stats.ttest_1samp(noise - noise.mean(), 0).confidence_interval(1 - error)
    for reach, expected in [(1.001, word), (0.999, "inconclusive")]:
        lost = noise - noise.mean() + limit + towards * reach * half
        found = judge_accuracy(np.full(count, 0.97), 0.97 - lost, 0.002, error)
        assert found.word == expected
    assert (found.needed, found.reason) == (count + 1, f"about {count + 1} launches would decide")


def test_fewer_than_eight_launches_decide_nothing():
    found = judge([1.0] * 7, [2.0] * 7, MARGIN, ERROR)
    assert (found.word, found.reason) == ("inconclusive", "8 launches are needed")
    assert judge([1.0] * 8, [2.0] * 8, MARGIN, ERROR).word == "worse"


def test_one_launch_has_no_interval_and_two_have_one():
    needed = "8 launches are needed"
    assert judge([1.0], [2.0], MARGIN, ERROR) == Verdict("inconclusive", 1, 1.0, -1.0, math.inf, needed)
    assert math.isfinite(judge([1.0, 1.0], [1.9, 2.1], MARGIN, ERROR).high)


def test_what_would_decide_is_said():
    """So many launches that the interval would just reach the margin, were they as these are."""
    random = np.random.default_rng(4)
    baseline, candidate = launches(random, "normal", 0.03, slowdown=0.04, count=40)
    found = judge(baseline, candidate, MARGIN, ERROR)
    logarithms = np.log(candidate / baseline)
    spread = logarithms.std(ddof=1) / math.sqrt(found.needed)
    _, reach = stats.t.interval(1 - ERROR, found.needed - 1, logarithms.mean(), spread)
    assert reach == pytest.approx(math.log(1.05), abs=1e-4)
    assert found.needed < judge(baseline, candidate, MARGIN, ERROR / 2).needed


def test_what_no_number_of_launches_would_decide_is_given_up():
    lost = [0.375, 0.125] * 4  # 0.25 in the mean, to the last bit
    found = judge_accuracy([0.5] * 8, [0.5 - each for each in lost], 0.25, ERROR)
    assert (found.word, found.needed, found.worth_more_launches) == ("inconclusive", math.inf, False)
    hopeless = judge([1.0] * 8, [1.05, 1.04, 1.06, 1.05] * 2, MARGIN, ERROR)
    assert (hopeless.word, hopeless.worth_more_launches) == ("inconclusive", False)


@pytest.mark.parametrize(
    ("baseline", "candidate", "word", "reason"),
    [
        ([], [], "missing", "nothing was measured"),
        ([1.0] * 7, [1.0] * 6, "not comparable", "7 launches of one, 6 of the other"),
        ([1.0] * 7, [], "not comparable", "7 launches of one, 0 of the other"),
        ([1.0] * 7, [1.0] * 6 + [0.0], "not comparable", "not above zero"),
        ([-1.0] * 7, [1.0] * 7, "not comparable", "not above zero"),
        ([1.0] * 7, [1.0] * 6 + [math.nan], "not comparable", "no number"),
        ([math.inf] * 7, [1.0] * 7, "not comparable", "no number"),
    ],
)
def test_data_that_says_nothing_gets_no_verdict(baseline, candidate, word, reason):
    for of in (judge, judge_accuracy):
        found = of(baseline, candidate, MARGIN, ERROR)
        if reason != "not above zero" or found.unit == "%":  # as an accuracy may be
            assert found.word == word
            assert reason in found.reason


def test_without_any_spread_the_ratio_is_known():
    assert judge([2.0] * 8, [2.0] * 8, MARGIN, ERROR).word == "same"
    assert str(judge([2.0] * 8, [3.0] * 8, MARGIN, ERROR)) == "worse +50.0% (+50.0 to +50.0)"


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan])
def test_a_margin_must_be_positive(margin):
    with pytest.raises(ValueError, match="margin must be positive"):
        judge([1.0], [1.0], margin, ERROR)


@pytest.mark.parametrize(("gain", "word"), [(0.01, "better"), (-0.01, "worse"), (0.0, "same")])
def test_more_accuracy_is_better(gain, word):
    baseline = 0.96 + 0.001 * np.random.default_rng(5).standard_normal(10)
    found = judge_accuracy(baseline, baseline + gain, 0.002, ERROR)
    assert str(found).startswith(f"{word} {100 * gain:+.2f}pt")
    assert found.unit == "points"


@pytest.mark.parametrize(("more", "word"), [(5000, "worse"), (-5000, "better"), (0, "same")])
def test_what_may_be_zero_is_judged_by_its_difference(more, word):
    found = judge_difference([0.0] * 8, [float(more)] * 8, 4096, ERROR, "KiB")
    assert str(found) == f"{word} {more / 1024:+.1f} KiB ({more / 1024:+.1f} to {more / 1024:+.1f})"
