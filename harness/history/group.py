"""The anchor, some releases and the anchor again, in the same process runs until each quantity has its verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.equality.limits import ACCURACY_MARGIN
from harness.judging.sequential import Batch, Sampling, StopSampling, sequential
from harness.judging.verdict import Verdict, judge
from harness.regression.comparison import accuracy_of_seed, mismatch, paired_medians
from harness.regression.pair import CandidateFailed, Pair, Pairs
from harness.regression.pair_run import RATIOS, PairRun, measure
from harness.regression.versions import ACCURACY
from harness.workers.worker import in_a_line

MEASURED = (*RATIOS, ACCURACY)  # in the order of tables and pictures


@dataclass
class Group:
    """Several sides that are measured together.

    - `pairs(pythons)`: the factory of workers under these interpreters.
    - `pythons`: the interpreter of each side, that of the anchor first. All others are compared with it.

    After `run`, `verdicts` has those of each side but the first, by its position and the name in `MEASURED`. A side
    that fails while the anchor does not is left out from then on.
    """

    pairs: Callable[[Sequence[str]], Pairs]
    variant: str
    pythons: Sequence[str]
    sampling: Sampling
    verdicts: dict[tuple[int, str], Verdict] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.runs: dict[int, tuple[list[int], PairRun]] = {}  # by number; the sides that it has
        self.failed: dict[int, str] = {}  # side -> reason
        self.failure: Exception | None = None  # that ended the sampling

    def run(self, on_progress: Callable[[int, int], None]) -> None:
        """Sample until all is decided or the time is up. `on_progress(done, sample_size)` is called before a batch."""

        def draw(batch: Batch) -> None:
            on_progress(batch.numbers.start, batch.sample_size)
            self._draw(batch)

        wanted = [(side, quantity) for side in range(1, len(self.pythons)) for quantity in MEASURED]
        for verdicts in sequential(draw, lambda key, alpha: self._verdict(*key, alpha), wanted, self.sampling):
            self.verdicts = verdicts

    def _draw(self, batch: Batch) -> None:
        """Run the processes of a batch at once. If a side fails, run them again without it."""
        sides = [side for side in range(len(self.pythons)) if side not in self.failed]
        wanted = {quantity for _, quantity in batch.undecided}

        def process_run(pair: Pair, number: int) -> None:
            run = measure(pair, wanted, number)
            if ACCURACY in wanted:
                run.measured[ACCURACY] = tuple(accuracy_of_seed(pair, number))
            self.runs[number] = sides, run

        try:
            pairs = self.pairs([self.pythons[side] for side in sides])
            pairs.process_runs(self.variant, batch.numbers, self.sampling.at_once, process_run)
        except CandidateFailed as error:
            self.failed[sides[error.side]] = str(error)
            self._draw(batch)
        except Exception as error:
            self.failure = error
            raise StopSampling from None

    def _verdict(self, side: int, quantity: str, alpha: float) -> Verdict:
        if side in self.failed:
            return Verdict("missing", reason=self.failed[side])
        if not self.runs:
            return Verdict("missing", reason=in_a_line(self.failure) if self.failure else "the time was up")
        runs = [(run, sides.index(side)) for _, (sides, run) in sorted(self.runs.items())]
        run, place = runs[0]
        if differ := mismatch(run.conditions[0], run.conditions[place]):
            return Verdict("not comparable", reason=differ)
        both = [(of[0], of[place]) for run, place in runs if (of := run.measured.get(quantity))]
        values = [paired_medians(*each) for each in both if None not in each]
        unit, margin = ("points", ACCURACY_MARGIN) if quantity == ACCURACY else ("%", self.sampling.margin)
        verdict = judge([each[0] for each in values], [each[1] for each in values], margin, alpha, unit)
        return verdict._replace(reason=in_a_line(self.failure), needed=0) if self.failure else verdict
