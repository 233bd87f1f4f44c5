"""Times, memory and accuracy of one variant under two versions, until each quantity has its verdict.

Times and memory are those of pairs of process runs, accuracies those of trainings with the same seeds.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.equality.limits import ACCURACY_MARGIN
from harness.judging.sequential import Batch, Sampling, StopSampling, sequential
from harness.judging.verdict import Verdict, judge
from harness.regression.pair import CandidateFailed, Pair, Pairs
from harness.regression.pair_run import QUANTITIES, PairRun, measure
from harness.workers.worker import in_a_line

MUST_MATCH = ("affinity", "jit_compile")
MOST_PAIRS = 4  # two workers each, with all of a framework in memory


def most_pairs(processors: int, threads: int) -> int:
    """Return how many pairs can run at once on these processors, if each takes `threads` of them."""
    return min(MOST_PAIRS, max(1, processors // threads))


@dataclass
class Comparison:
    """The comparison of times and memory of a variant.

    After `run`, `verdicts` has one for each of the `quantities`, by name. `pair_runs` holds the completed pairs, by
    number. `failure` is the error that ended the sampling.
    """

    pairs: Pairs
    variant: str
    quantities: Sequence[str]
    sampling: Sampling
    pair_runs: dict[int, PairRun] = field(default_factory=dict, init=False)
    verdicts: dict[str, Verdict] = field(default_factory=dict, init=False)
    failure: Exception | None = field(default=None, init=False)

    def run(self, on_progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Run pairs until all quantities are decided or the time is up.

        `on_progress(done, sample_size)` is called before each batch: the pairs so far, and the sample size of the next
        analysis. `verdicts` are up to date if Ctrl-C ends it.
        """

        def draw(batch: Batch) -> None:
            on_progress(batch.numbers.start, batch.sample_size)
            self._run_pairs(batch)

        for verdicts in sequential(draw, self._verdict, self.quantities, self.sampling):
            self.verdicts = verdicts

    def values(self, quantity: str) -> tuple[list[float], list[float]]:
        """Return the values of the baseline and of the candidate in each pair: CPU seconds, seconds or bytes."""
        measured = [self.pair_runs[number].measured for number in sorted(self.pair_runs)]
        pairs = [paired_medians(*each[quantity]) for each in measured if None not in each.get(quantity, (None,))]
        return [before for before, _ in pairs], [after for _, after in pairs]

    def _run_pairs(self, batch: Batch) -> None:
        """Run all pairs of the batch at once, each on separate processors. Any error ends the sampling."""

        def pair_run(pair: Pair, number: int) -> None:
            self.pair_runs[number] = measure(pair, batch.undecided, number)

        try:
            self.pairs.process_runs(self.variant, batch.numbers, self.sampling.at_once, pair_run)
        except Exception as error:
            self.failure = error
        if self.failure or self._mismatch():
            raise StopSampling

    def _verdict(self, quantity: str, alpha: float) -> Verdict:
        if isinstance(self.failure, CandidateFailed):
            return Verdict("worse", reason=str(self.failure))
        if not self.pair_runs and not self.failure:
            return Verdict("inconclusive", reason="the time was up before the first pair")
        if self._mismatch():
            return Verdict("not comparable", reason=self._mismatch())
        _, unit, margin = QUANTITIES[quantity]
        verdict = judge(*self.values(quantity), margin or self.sampling.margin, alpha, unit)
        return verdict._replace(reason=in_a_line(self.failure), needed=0) if self.failure else verdict

    def _mismatch(self) -> str:
        """Return the conditions that differ between both versions and make times not comparable, or ""."""
        if not self.pair_runs:
            return ""
        return mismatch(*next(iter(self.pair_runs.values())).conditions)


def mismatch(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> str:
    """Return the conditions that differ between both sides and make times not comparable, or ""."""
    return "; ".join(
        f"{key} {baseline.get(key)} in the baseline, {candidate.get(key)} in the candidate"
        for key in MUST_MATCH
        if baseline.get(key) != candidate.get(key)
    )


def paired_medians(baseline: float | list[float], candidate: float | list[float]) -> tuple[float, float]:
    """Return the values of both in one pair; of a repeated measurement, medians over the blocks.

    The candidate's value is the baseline's times the median ratio of blocks that were neighbours in time: changes of
    the machine's speed from block to block are in both.
    """
    if not isinstance(baseline, list):
        return baseline, candidate
    ratio = math.exp(
        statistics.median(math.log(after / before) for before, after in zip(baseline, candidate, strict=True))
    )
    return statistics.median(baseline), statistics.median(baseline) * ratio


def compare_accuracy(pair: Pair, sampling: Sampling, on_seed: Callable[[int], None]) -> Verdict:
    """Return the verdict on the accuracy after one epoch. Raises as `Pair.run`; `on_seed(seed)` is called before each.

    One epoch shows a change of the training. After ten, the differences between seeds hide it
    (docs/explanation/lessons.md).
    """
    accuracies: tuple[list[float], list[float]] = ([], [])

    def train(batch: Batch) -> None:
        for seed in batch.numbers:
            on_seed(seed)
            for side, accuracy in zip(accuracies, accuracy_of_seed(pair, seed), strict=True):
                side.append(accuracy)

    def judged(_: str, alpha: float) -> Verdict:
        if not accuracies[0]:
            return Verdict("inconclusive", reason="the time was up before the first training")
        verdict = judge(*accuracies, ACCURACY_MARGIN, alpha, "points")
        return verdict._replace(reason=verdict.reason.replace("pairs", "seeds"))

    *_, verdicts = sequential(train, judged, ["accuracy"], sampling)
    return verdicts["accuracy"]


def accuracy_of_seed(pair: Pair, seed: int) -> list[float]:
    """Return the accuracy of each side after one epoch, in [0, 1]. Raises as `Pair.run`."""
    pair.build(seed=seed)
    pair.run("fit", *pair.dataset.train, 1)
    return [accuracy for _, accuracy in pair.run("evaluate", *pair.dataset.test)]
