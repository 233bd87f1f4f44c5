"""Verdict on one quantity, from pairs of process runs, one of a baseline and a candidate.

Method:

- The unit of evidence is the pair. Steps of one process share the error of that process, however many there are.
- The two processes of a pair are alive at once, and their measurements are interleaved. So drift of the machine is in
  both.
- The statistic is the logarithm of the ratio of a pair, with Student's t interval of its mean. If nothing changed, the
  two of a pair are exchangeable, and their log ratio has a symmetric distribution. Under symmetric heavy tails, t is
  conservative (Benjamini 1983, doi:10.1080/01621459.1983.10477983).
- The interval is compared with a margin. All of it beyond: "worse" or "better". All of it within: "same" (two one-sided
  tests, Schuirmann 1987, doi:10.1007/BF01068419). Otherwise: "inconclusive".
- The interval that decides has the error rate of its analysis (`sequential.py`). The printed interval has 95 %.

Assumption: a few pairs show how pairs differ. A slow mode of one process run in ten is absent from eight with
a chance of 43 %, with any test. `make calibrate` measures the error rates.

Other tools:

- pyperf applies Student's t test, at 5 %, to all values of all processes. These values are dependent, so with enough of
  them every difference is significant.
- asv requires a factor of 1.1 and Mann-Whitney's test at 0.002, on repeats of one version after the other. Like pyperf,
  it has no verdict "same".
- pytest-benchmark's `--benchmark-compare-fail` compares two saved medians, without an error estimate.
- benchmatrix compares whole runs, corrects for the number of benchmarks and tests for equivalence, as this module does.
  It uses the bootstrap (BCa), which needs more runs to show the tails. Its runs are sequential.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy  # which loads scipy.stats at its first use: that takes a second

from harness.judging.intervals import mean_interval

DECIDED = ("better", "worse", "same")  # the words of a verdict that needs no more pairs
FEWEST = 8  # pairs of process runs: with fewer, nothing is decided
WORDS = {"above": "worse", "below": "better", "within": "same", "across": "inconclusive"}
UNITS = {"%": (100, 1, "%"), "points": (100, 2, "pt"), "KiB": (1 / 1024, 1, " KiB")}  # factor, digits, sign


class Verdict(NamedTuple):
    """Change from the baseline to the candidate, and the reason if it is not clear.

    - `word`: better, worse, same, inconclusive, not comparable or missing.
    - `pairs`: number of pairs of process runs.
    - `change`, `low`, `high`: candidate / baseline - 1 with its 95 % interval; the difference if the unit is not "%".
    - `unit`: "%"; "points" for an accuracy, whose difference is a fraction of 1; "KiB" for a difference in bytes.
    - `needed`: estimated number of pairs that would decide an inconclusive quantity.
    """

    word: str
    pairs: int = 0
    change: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    unit: str = "%"
    needed: float = 0

    def __str__(self) -> str:
        if self.change is None:
            return self.word
        factor, digits, sign = UNITS[self.unit]
        change, low, high = (f"{factor * value:+.{digits}f}" for value in (self.change, self.low, self.high))
        return f"{self.word} {change}{sign} ({low} to {high})"


def judge(
    baseline: Sequence[float], candidate: Sequence[float], margin: float, alpha: float, unit: str = "%"
) -> Verdict:
    """Return the verdict on values of both versions, (n,) each, of which equal indices are a pair.

    - `margin`: a change that does not matter: 0.05 for a slowdown of 5 %, a speed-up to 1 / 1.05; with another unit
      than "%", a difference as large.
    - `alpha`: the chance that the verdict is wrong.
    - `unit`: "%" judges ratios of positive costs, such as seconds; "KiB" differences of bytes; "points" differences of
      accuracies in [0, 1], of which more is better.

    Raises `ValueError` if `margin` is not positive. Unusable values give the verdict "missing" or "not comparable".
    """
    if not margin > 0:
        raise ValueError(f"the margin must be positive, got {margin}")
    if not len(baseline):
        return Verdict("missing", reason="nothing was measured")
    if not np.isfinite([baseline, candidate]).all():
        return Verdict("not comparable", reason="a value that is no number was measured")
    if unit != "%":
        verdict = _decide(np.subtract(candidate, baseline), margin, alpha)
        opposite = {"better": "worse", "worse": "better"} if unit == "points" else {}
        return verdict._replace(word=opposite.get(verdict.word, verdict.word), unit=unit)
    if min(*baseline, *candidate) <= 0:
        return Verdict("not comparable", reason="a value that is not above zero was measured")
    verdict = _decide(np.log(np.divide(candidate, baseline)), math.log1p(margin), alpha)
    return verdict._replace(**{name: math.expm1(getattr(verdict, name)) for name in ("change", "low", "high")})


def _decide(differences: np.ndarray, limit: float, alpha: float) -> Verdict:
    """Return the verdict on paired differences, (n,), of which more is worse, against -limit and +limit."""
    n, mean = len(differences), float(differences.mean())
    interval = mean_interval(differences) if n > 1 else (mean, -math.inf, math.inf)
    verdict = Verdict("inconclusive", n, *interval)
    if n < FEWEST:
        return verdict._replace(reason=f"{FEWEST} pairs are needed")
    word = WORDS[mean_interval(differences, alpha).against(limit)]
    if word != "inconclusive":
        return verdict._replace(word=word)
    needed = max(n + 1, _needed(abs(abs(mean) - limit), float(differences.std(ddof=1)), alpha))
    return verdict._replace(needed=needed, reason=f"about {needed:,.0f} pairs would decide")


def _needed(distance: float, spread: float, alpha: float) -> float:
    """Return the sample size at which half of the interval is the distance from the mean to the margin.

    It assumes that mean and spread stay as they are, and uses the normal distribution in place of Student's.
    """
    return math.inf if not distance else math.ceil((scipy.stats.norm.isf(alpha / 2) * spread / distance) ** 2)
