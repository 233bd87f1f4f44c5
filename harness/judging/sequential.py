"""Group-sequential sampling: samples are drawn until every quantity has its verdict.

Verdicts are taken at the sample sizes of `INTERIM_ANALYSES` only. The family-wise error rate `alpha` is split equally
over the quantities and, by the shares in `INTERIM_ANALYSES`, over the analyses (alpha spending: Lan and DeMets 1983,
doi:10.1093/biomet/70.3.659). The split is Bonferroni's: the chance of any wrong verdict is at most `alpha`, also if
quantities depend on each other. If the time is up before an analysis, that analysis uses the samples drawn so far.

Holm's step-down method would decide no sooner. A verdict can be wrong in two directions; after one direction is ruled
out, the other remains to be ruled out.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.judging.verdict import DECIDED, FEWEST, Verdict

INTERIM_ANALYSES = {FEWEST: 0.5, 14: 0.3, 24: 0.15, 40: 0.05}  # samples: share of alpha that is spent on the analysis
# A quantity that seems to need more samples is given up, though the estimate is rough.
HOPELESS = 3 * max(INTERIM_ANALYSES)


@dataclass(frozen=True)
class Sampling:
    """Limits of a comparison.

    - `margin`: a slowdown that does not matter, 0.05 for 5 %.
    - `alpha`: the chance that any of the verdicts is wrong; `comparisons`: the number of quantities that share it.
    - `at_once`: the number of samples that are drawn at the same time.
    - `seconds`: the time for all samples.
    """

    margin: float = 0.05
    alpha: float = 0.01
    comparisons: int = 1
    at_once: int = 1
    seconds: float = math.inf


class Batch(NamedTuple):
    """Samples to draw: their numbers, the sample size of the next analysis, and the quantities that need them."""

    numbers: range
    sample_size: int
    undecided: list[Hashable]


class StopSampling(Exception):
    """An exception of `draw`: no more samples can be drawn. The drawn samples are analysed."""


def sequential(
    draw: Callable[[Batch], None],
    judge: Callable[[Hashable, float], Verdict],
    quantities: Sequence[Hashable],
    sampling: Sampling,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[dict[Hashable, Verdict]]:
    """Yield the verdicts of all quantities after each analysis, until all are decided or given up, or time is up.

    - `draw(batch)`: draws samples; may raise `StopSampling`. A batch that would last beyond the deadline, if it took as
      long as the longest before, is not drawn.
    - `judge(quantity, alpha)`: returns the verdict by all samples so far, wrong with a chance of `alpha` at most.
    - `clock()`: returns seconds.
    """
    deadline, longest, drawn, stopped = clock() + sampling.seconds, 0.0, 0, False
    verdicts: dict[Hashable, Verdict] = {}
    undecided = list(quantities)

    def is_over() -> bool:
        return stopped or clock() + longest > deadline

    for size, share in INTERIM_ANALYSES.items():
        while drawn < size and not is_over():
            numbers, began = range(drawn, min(drawn + sampling.at_once, size)), clock()
            try:
                draw(Batch(numbers, size, undecided))
            except StopSampling:
                stopped = True
            drawn, longest = numbers.stop, max(longest, clock() - began)
        for quantity in quantities:
            if quantity not in verdicts or verdicts[quantity].word not in DECIDED:
                verdicts[quantity] = judge(quantity, sampling.alpha * share / sampling.comparisons)
        yield dict(verdicts)
        undecided = [quantity for quantity in quantities if _needs_more(verdicts[quantity])]
        if is_over() or not undecided:
            return


def _needs_more(verdict: Verdict) -> bool:
    return verdict.word == "inconclusive" and verdict.needed <= HOPELESS
