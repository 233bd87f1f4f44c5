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
stays unseen in seven launches half of the time, whatever the test. `make calibrate` measures what comes of it here.

Sampling stops when the verdict is clear, and whoever looks often is fooled more often. So verdicts are looked for at
the numbers of launches in `LOOKS` alone, and each look at each quantity gets its part of `FAMILY_ERROR` (Bonferroni).
The intervals that are printed are plain 95 % ones.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from harness.statistics import half_width

FAMILY_ERROR = 0.01  # chance that any verdict of a run is wrong
LOOKS = (7, 10, 14, 20, 28, 40)  # launches of each side after which a verdict is looked for
ALL_LOOKS = len(LOOKS) + 1  # and once more when the time is up
TOO_MANY = 3 * LOOKS[-1]  # launches: who seems to need more is given up, though the estimate is rough


class Verdict(NamedTuple):
    """The change from baseline to candidate in a word, and why no clearer one was possible.

    - `word`: better, worse, same, inconclusive, not comparable or missing.
    - `change`, `low`, `high`: candidate / baseline - 1 with its 95 % interval; for an accuracy the difference.
    - `unit`: "%", or "points" for an accuracy.
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
        digits, unit = (1, "%") if self.unit == "%" else (2, "pt")
        change, low, high = (f"{100 * value:+.{digits}f}" for value in (self.change, self.low, self.high))
        return f"{self.word} {change}{unit} ({low} to {high})"


def judge(baseline: Sequence[float], candidate: Sequence[float], margin: float, quantities: int = 1) -> Verdict:
    """A verdict on what both took in each launch, (n,) each, positive, in any unit; the k-th of both are a pair.

    - `margin`: a slowdown that does not matter: 0.05 for 5 %; a speed-up is measured against 1 / 1.05.
    - `quantities`: how many are judged in this run; their verdicts together are wrong with a chance of `FAMILY_ERROR`.

    Raises `ValueError` if `margin` is not positive. Whatever is wrong with the data is said by the verdict.
    """
    flaw = _flaw(baseline, candidate, margin)
    if flaw:
        return flaw
    if min(*baseline, *candidate) <= 0:
        return Verdict("not comparable", reason="a value that is not above zero was measured")
    logarithms = np.log(np.divide(candidate, baseline))  # (n,)
    verdict = _decide(logarithms, math.log1p(margin), quantities)
    return verdict._replace(**{name: math.expm1(getattr(verdict, name)) for name in ("change", "low", "high")})


def judge_accuracy(baseline: Sequence[float], candidate: Sequence[float], margin: float, trainings: int = 1) -> Verdict:
    """A verdict on test accuracies, (n,) each, in [0, 1]; the k-th of both are of the same seed. More is better.

    - `margin`: a difference that does not matter, as a part of 1; `trainings`: as `quantities` of `judge`.
    """
    flaw = _flaw(baseline, candidate, margin)
    if flaw:
        return flaw
    verdict = _decide(np.subtract(candidate, baseline), margin, trainings)
    opposite = {"better": "worse", "worse": "better"}
    return verdict._replace(word=opposite.get(verdict.word, verdict.word), unit="points")


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


def _decide(differences: np.ndarray, limit: float, quantities: int) -> Verdict:
    """The verdict on paired differences, (n,), of which more is worse, against -limit and +limit."""
    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return Verdict("inconclusive", n, mean, -math.inf, math.inf, f"{LOOKS[0]} launches are needed")
    spread = float(differences.std(ddof=1))
    half = half_width(0.05, n, spread)
    verdict = Verdict("inconclusive", n, mean, mean - half, mean + half)
    if n < LOOKS[0]:
        return verdict._replace(reason=f"{LOOKS[0]} launches are needed")
    error = FAMILY_ERROR / ALL_LOOKS / quantities
    strict = half_width(error, n, spread)
    if mean - strict > limit:
        return verdict._replace(word="worse")
    if mean + strict < -limit:
        return verdict._replace(word="better")
    if -limit < mean - strict and mean + strict < limit:
        return verdict._replace(word="same")
    needed = max(n + 1, _needed(abs(abs(mean) - limit), spread, error))
    return verdict._replace(needed=needed, reason=f"about {needed:,.0f} launches would decide")


def _needed(distance: float, spread: float, error: float) -> float:
    """How many launches it would take to decide, were the mean and its spread what they seem to be.

    With so many, the interval is as wide as the mean is far from the margin: by the normal distribution, to which
    Student's comes close.
    """
    return math.inf if not distance else math.ceil((stats.norm.isf(error / 2) * spread / distance) ** 2)
