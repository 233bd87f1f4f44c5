"""Is the candidate better, worse or the same? A verdict on one quantity, from launches of both versions in pairs.

What a comparison must not do, and how others decide:

- pyperf calls two versions different when Student's t on all values of all processes passes 5 %. Steps of one process
  are not independent: their common error, that of the launch, stays however many there are. So with enough values
  everything is "significant". asv adds a factor (1.1) and a stricter test (Mann-Whitney's, 0.002), on repeats again,
  of one version after the other. Both are silent where they see no difference: "the same" is not a statement of theirs.
- pytest-benchmark's --benchmark-compare-fail compares two saved medians, without any error.
- benchmatrix takes whole runs as its evidence, corrects for the number of benchmarks and tests for equivalence, as is
  done here. It bootstraps (BCa), which trusts a handful of runs to show the tails, and its pairs are whole runs of
  the suite, one after the other.

Here both versions are alive at once and measured in turns, so that the machine's drift is in both; the launch, not the
step, is the unit of evidence; what is judged is the logarithm of the ratio of each pair of launches, by Student's t. If
nothing changed, the two of a pair could be exchanged, so that its distribution is symmetric, and under heavy tails t
errs to the careful side (Benjamini 1983, doi:10.1080/01621459.1983.10477983). The interval decides against a margin:
all of it beyond, "worse" or "better"; all of it within, "same" (two one-sided tests, Schuirmann 1987,
doi:10.1007/BF01068419); anything else is "inconclusive".

What that assumes: that a handful of launches shows how launches differ. A slow mode that one launch in ten falls into
stays unseen in eight launches four times in ten, whatever the test. `make calibrate` measures what comes of it here.

Sampling stops when the verdict is clear, and whoever looks often is fooled more often. So verdicts are looked for at
the numbers of launches in `LOOKS` alone. The error that a run may make is parted among its quantities, equally, and for
each among its looks, most to the first: the chance that any verdict is wrong is at most the sum of the parts
(Bonferroni), whatever depends on what. Who runs out of time before a look has that look then. Holm's steps, which ease
the test as others are decided, would gain nothing: a quantity can be wrong in two directions, and when one is ruled
out, the other is still to be ruled out. The intervals that are printed are plain 95 % ones.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from harness.judging.intervals import mean_interval

FAMILY_ERROR = 0.01  # chance that any verdict of a run is wrong, unless --error says otherwise
LOOKS = {8: 0.5, 14: 0.3, 24: 0.15, 40: 0.05}  # launches of each side: part of the error that is spent on this look
FEWEST, MOST = min(LOOKS), max(LOOKS)
TOO_MANY = 3 * MOST  # launches: who seems to need more is given up, though the estimate is rough
WORDS = {"above": "worse", "below": "better", "within": "same", "across": "inconclusive"}
UNITS = {"%": (100, 1, "%"), "points": (100, 2, "pt"), "KiB": (1 / 1024, 1, " KiB")}  # factor, digits, sign


class Verdict(NamedTuple):
    """The change from baseline to candidate in a word, and why no clearer one was possible.

    - `word`: better, worse, same, inconclusive, not comparable or missing.
    - `change`, `low`, `high`: candidate / baseline - 1 with its 95 % interval; where the unit is not "%", the
      difference.
    - `unit`: "%"; "points" for an accuracy, whose difference is a part of 1; "KiB" for a difference in bytes.
    - `needed`: launches that would decide what is inconclusive, as far as can be seen.
    """

    word: str
    launches: int = 0  # of each side
    change: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    unit: str = "%"
    needed: float = 0

    @property
    def decided(self) -> bool:
        return self.word in ("better", "worse", "same")

    @property
    def worth_more_launches(self) -> bool:
        return self.word == "inconclusive" and self.needed <= TOO_MANY

    def __str__(self) -> str:
        if self.change is None:
            return self.word
        factor, digits, sign = UNITS[self.unit]
        change, low, high = (f"{factor * value:+.{digits}f}" for value in (self.change, self.low, self.high))
        return f"{self.word} {change}{sign} ({low} to {high})"


def looks(error: float, quantities: int) -> Iterator[tuple[int, float]]:
    """The launches after which a verdict is looked for, and the chance with which each verdict then may be wrong.

    All verdicts on so many quantities, at all looks, are wrong with a chance of `error` at most.
    """
    for launches, part in LOOKS.items():
        yield launches, error * part / quantities


def judge(baseline: Sequence[float], candidate: Sequence[float], margin: float, error: float) -> Verdict:
    """A verdict on what both took in each launch, (n,) each, positive, in any unit; the k-th of both are a pair.

    - `margin`: a slowdown that does not matter: 0.05 for 5 %; a speed-up is measured against 1 / 1.05.
    - `error`: the chance with which this verdict may be wrong.

    Raises `ValueError` if `margin` is not positive. Whatever is wrong with the data is said by the verdict.
    """
    flaw = _flaw(baseline, candidate, margin)
    if flaw:
        return flaw
    if min(*baseline, *candidate) <= 0:
        return Verdict("not comparable", reason="a value that is not above zero was measured")
    logarithms = np.log(np.divide(candidate, baseline))  # (n,)
    verdict = _decide(logarithms, math.log1p(margin), error)
    return verdict._replace(**{name: math.expm1(getattr(verdict, name)) for name in ("change", "low", "high")})


def judge_difference(
    baseline: Sequence[float], candidate: Sequence[float], margin: float, error: float, unit: str
) -> Verdict:
    """The same on differences, for what may be zero, or less. Less is better.

    - `margin`: a difference that does not matter, as the values are given.
    - `unit`: of the verdict, one of `UNITS`.
    """
    return _flaw(baseline, candidate, margin) or _decide(np.subtract(candidate, baseline), margin, error)._replace(
        unit=unit
    )


def judge_accuracy(baseline: Sequence[float], candidate: Sequence[float], margin: float, error: float) -> Verdict:
    """The same on test accuracies, in [0, 1]; the k-th of both are of the same seed. More is better."""
    verdict = judge_difference(baseline, candidate, margin, error, "points")
    opposite = {"better": "worse", "worse": "better"}
    return verdict._replace(word=opposite.get(verdict.word, verdict.word))


def _flaw(baseline: Sequence[float], candidate: Sequence[float], margin: float) -> Verdict | None:
    """What is to be said if these cannot be judged."""
    if not margin > 0:
        raise ValueError(f"the margin must be positive, got {margin}")
    if not len(baseline) and not len(candidate):
        return Verdict("missing", reason="nothing was measured")
    if len(baseline) != len(candidate):
        return Verdict("not comparable", reason=f"{len(baseline)} launches of one, {len(candidate)} of the other")
    if not np.isfinite([baseline, candidate]).all():
        return Verdict("not comparable", reason="a value that is no number was measured")
    return None


def _decide(differences: np.ndarray, limit: float, error: float) -> Verdict:
    """The verdict on paired differences, (n,), of which more is worse, against -limit and +limit."""
    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return Verdict("inconclusive", n, mean, -math.inf, math.inf, f"{FEWEST} launches are needed")
    verdict = Verdict("inconclusive", n, *mean_interval(differences))
    if n < FEWEST:
        return verdict._replace(reason=f"{FEWEST} launches are needed")
    word = WORDS[mean_interval(differences, error).against(limit)]
    if word != "inconclusive":
        return verdict._replace(word=word)
    needed = max(n + 1, _needed(abs(abs(mean) - limit), float(differences.std(ddof=1)), error))
    return verdict._replace(needed=needed, reason=f"about {needed:,.0f} launches would decide")


def _needed(distance: float, spread: float, error: float) -> float:
    """How many launches it would take to decide, were the mean and its spread what they seem to be.

    With so many, the interval is as wide as the mean is far from the margin: by the normal distribution, to which
    Student's comes close.
    """
    return math.inf if not distance else math.ceil((stats.norm.isf(error / 2) * spread / distance) ** 2)
