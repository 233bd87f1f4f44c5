"""Times, memory and accuracy of one variant under two versions or more, until each quantity has its verdict."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.equality.limits import ACCURACY_MARGIN
from harness.judging.sequential import Batch, Sampling, StopSampling, sequential
from harness.judging.verdict import Verdict, judge
from harness.regression.pair import CandidateFailed, Pair, Pairs
from harness.regression.pair_run import QUANTITIES, PairRun, measure
from harness.regression.versions import ACCURACY
from harness.workers.excerpt import in_a_line

MUST_MATCH = ("affinity", "jit_compile")
MOST_PAIRS = 4  # two workers each, with all of a framework in memory


def most_pairs(processors: int, threads: int) -> int:
    """Return how many pairs can run at once on these processors, if each takes `threads` of them."""
    return min(MOST_PAIRS, max(1, processors // threads))


@dataclass
class Comparison:
    """The comparison of a baseline with each candidate, in the same process runs.

    - `pythons`: the interpreters of the sides, the baseline's first.
    - `quantities`: of `QUANTITIES`, and `ACCURACY`: its seed is the number of the process run.

    After `run`, `verdicts` has one for each candidate, by its position among the sides, and each quantity. `runs` holds
    the completed process runs, by number, each with its sides: a candidate that has failed, or has all its verdicts, is
    left out from then on.
    `failure` is the error that ended the sampling.
    """

    pairs: Pairs
    variant: str
    pythons: Sequence[str]
    quantities: Sequence[str]
    sampling: Sampling
    runs: dict[int, tuple[list[int], PairRun]] = field(default_factory=dict, init=False)
    verdicts: dict[tuple[int, str], Verdict] = field(default_factory=dict, init=False)
    failed: dict[int, str] = field(default_factory=dict, init=False)  # side -> reason
    failure: Exception | None = field(default=None, init=False)

    def run(self, on_progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Run processes until all quantities are decided or the time is up.

        `on_progress(done, sample_size)` is called before each batch: the runs so far, and the sample size of the next
        analysis. `verdicts` are up to date if Ctrl-C ends it.
        """

        def draw(batch: Batch) -> None:
            on_progress(batch.numbers.start, batch.sample_size)
            self._draw(batch)

        wanted = [(side, quantity) for side in range(1, len(self.pythons)) for quantity in self.quantities]
        for verdicts in sequential(draw, lambda key, alpha: self._verdict(*key, alpha), wanted, self.sampling):
            self.verdicts = verdicts

    def values(self, quantity: str, side: int = 1) -> tuple[list[float], list[float]]:
        """Return the values of the baseline and of a candidate in each run: CPU seconds, seconds, bytes or accuracy."""
        measured = [(run.measured.get(quantity), sides.index(side)) for sides, run in self._runs_of(side)]
        both = [(values[0], values[place]) for values, place in measured if values]
        pairs = [paired_medians(*each) for each in both if None not in each]
        return [before for before, _ in pairs], [after for _, after in pairs]

    def _runs_of(self, side: int) -> list[tuple[list[int], PairRun]]:
        return [self.runs[number] for number in sorted(self.runs) if side in self.runs[number][0]]

    def _draw(self, batch: Batch) -> None:
        """Run the processes of a batch at once. If a candidate fails, run them again without it."""
        sides = [0, *sorted({side for side, _ in batch.undecided} - self.failed.keys())]
        wanted = {quantity for _, quantity in batch.undecided}

        def process_run(pair: Pair, number: int) -> None:
            run = measure(pair, wanted, number)
            if ACCURACY in wanted:
                run.measured[ACCURACY] = tuple(accuracy_of_seed(pair, number))
            self.runs[number] = sides, run

        try:
            pythons = [self.pythons[side] for side in sides]
            self.pairs.process_runs(self.variant, pythons, batch.numbers, self.sampling.at_once, process_run)
        except CandidateFailed as error:
            self.failed[sides[error.side]] = str(error)
            if len(sides) == 2:
                raise StopSampling from None
            self._draw(batch)
        except Exception as error:
            self.failure = error
            raise StopSampling from None
        if all(self._mismatch(side) for side in sides[1:]):
            raise StopSampling

    def _verdict(self, side: int, quantity: str, alpha: float) -> Verdict:
        if side in self.failed:
            return Verdict("worse", reason=self.failed[side])
        if not self.runs and not self.failure:
            return Verdict("inconclusive", reason="the time was up before the first pair")
        if differ := self._mismatch(side):
            return Verdict("not comparable", reason=differ)
        unit, margin = ("points", ACCURACY_MARGIN) if quantity == ACCURACY else QUANTITIES[quantity][1:]
        verdict = judge(*self.values(quantity, side), margin or self.sampling.margin, alpha, unit)
        return verdict._replace(reason=in_a_line(self.failure), needed=0) if self.failure else verdict

    def _mismatch(self, side: int) -> str:
        """Return the conditions that differ from the baseline's and make times not comparable, or ""."""
        for sides, run in self._runs_of(side)[:1]:
            baseline, candidate = run.conditions[0], run.conditions[sides.index(side)]
            return "; ".join(
                f"{key} {baseline.get(key)} in the baseline, {candidate.get(key)} in the candidate"
                for key in MUST_MATCH
                if baseline.get(key) != candidate.get(key)
            )
        return ""


def paired_medians(baseline: float | list[float], candidate: float | list[float]) -> tuple[float, float]:
    """Return the values of both in one pair; of a repeated measurement, medians over the blocks.

    The candidate's value is the baseline's times the median ratio of blocks that were neighbours in time: changes of
    the machine's speed from block to block are in both.
    """
    if not isinstance(baseline, list):
        return baseline, candidate
    logarithms = [math.log(after / before) for before, after in zip(baseline, candidate, strict=True)]
    return statistics.median(baseline), statistics.median(baseline) * math.exp(statistics.median(logarithms))


def accuracy_of_seed(pair: Pair, seed: int) -> list[float]:
    """Return the accuracy of each side after one epoch, in [0, 1]. Raises as `Pair.run`.

    One epoch shows a change of the training. After ten, the differences between seeds hide it
    (docs/explanation/lessons.md).
    """
    pair.build(seed=seed)
    pair.run("fit", *pair.dataset.train, 1)
    return [accuracy for _, accuracy in pair.run("evaluate", *pair.dataset.test)]
