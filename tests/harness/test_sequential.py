"""Group-sequential sampling bounds the family-wise error rate, and draws no more samples than it needs."""

import itertools

import numpy as np
import pytest

from harness.judging.sequential import INTERIM_ANALYSES, Sampling, StopSampling, sequential
from harness.judging.shares import Shares
from harness.judging.verdict import DECIDED, Verdict, judge

FIRST, SECOND, _, LAST = INTERIM_ANALYSES
OPEN = Verdict("inconclusive", needed=10)


def run(judge, quantities=("a",), sampling=Sampling(), on_draw=lambda batch: None, clock=lambda: 0.0):  # noqa: B008
    """Run a sampling to its end. Return the verdicts of each analysis, and the batches."""
    batches = []

    def draw(batch):
        batches.append(batch)
        on_draw(batch)

    return list(sequential(draw, judge, quantities, sampling, clock)), batches


def is_wrong(random, sampling):
    """Simulate a run of three quantities at the margin itself, where each decided verdict is wrong.

    No quantity is given up, so that every analysis takes place.
    """
    ratios = dict(enumerate((1 + sampling.margin) * np.exp(0.02 * random.standard_normal((3, LAST)))))
    drawn = []

    def judged(quantity, alpha):
        candidate = ratios[quantity][: len(drawn)]
        return judge(np.ones(len(drawn)), candidate, sampling.margin, alpha)._replace(needed=0)

    analyses, _ = run(judged, list(ratios), sampling, lambda batch: drawn.extend(batch.numbers))
    return any(verdict.word in DECIDED for verdict in analyses[-1].values())


@pytest.mark.parametrize(("comparisons", "least", "most"), [(3, 0.1, 0.2), (1, 0.21, 1.0)])
def test_family_wise_error_rate_is_at_most_alpha(comparisons, least, most):
    """It is more if alpha is not split over the quantities: the simulation can fail."""
    random = np.random.default_rng(1)
    rate = np.mean([is_wrong(random, Sampling(alpha=0.2, comparisons=comparisons)) for _ in range(150)])
    assert least <= rate <= most


def test_alpha_is_spent_over_quantities_and_analyses():
    spent = []
    run(lambda _, alpha: (spent.append(alpha), OPEN)[1], sampling=Sampling(alpha=0.05, comparisons=77))
    assert len(spent) == len(INTERIM_ANALYSES)
    assert 77 * sum(spent) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("verdict", "samples"),
    [(Verdict("same"), FIRST), (Verdict("inconclusive", needed=1e4), FIRST), (OPEN, LAST)],
)
def test_sampling_ends_if_more_samples_are_no_use(verdict, samples):
    _, batches = run(lambda *_: verdict)
    assert len(batches) == samples


def test_decided_quantity_is_not_drawn_again():
    words = {"a": itertools.cycle(["same", "worse"]), "b": itertools.cycle(["inconclusive", "better"])}
    analyses, batches = run(lambda quantity, _: Verdict(next(words[quantity])), ("a", "b"))
    assert [{name: each.word for name, each in verdicts.items()} for verdicts in analyses] == [
        {"a": "same", "b": "inconclusive"},
        {"a": "same", "b": "better"},
    ]
    assert [batch.undecided for batch in batches] == [["a", "b"]] * FIRST + [["b"]] * (SECOND - FIRST)


@pytest.mark.parametrize(("seconds", "samples"), [(-1, 0), (5, 1), (35, 3), (40, 4), (1e3, LAST)])
def test_sample_that_would_end_too_late_is_not_drawn(seconds, samples):
    """Each takes ten seconds. What was drawn is analysed, once."""
    drawn = []
    analyses, _ = run(lambda *_: OPEN, ("a",), Sampling(seconds=seconds), drawn.append, lambda: 10.0 * len(drawn))
    assert len(drawn) == samples
    assert len(analyses) == (1 if samples < FIRST else len(INTERIM_ANALYSES))


def test_samples_before_a_stop_are_analysed():
    def stop(batch):
        if FIRST in batch.numbers:
            raise StopSampling

    alphas = []
    _, batches = run(lambda _, alpha: (alphas.append(alpha), OPEN)[1], on_draw=stop, sampling=Sampling(alpha=1.0))
    assert len(batches) == FIRST + 1
    assert alphas == [INTERIM_ANALYSES[FIRST], INTERIM_ANALYSES[SECOND]]


def test_time_between_samplings_does_not_count():
    now = [0.0]
    shares, given = Shares(60.0, 3, lambda: now[0]), []
    for taken, between in ((10.0, 500.0), (45.0, 500.0), (9.0, 0.0)):
        with shares.next() as seconds:
            given.append(seconds)
            now[0] += taken
        now[0] += between
    assert given == [20.0, 25.0, 5.0]
    assert shares.seconds == 0.0
