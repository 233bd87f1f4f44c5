"""One variant under two versions: launches in pairs, several at once, until each quantity has its verdict."""

import math
import statistics
import time
from collections.abc import Callable, Sequence

from harness.data.reference import Parts
from harness.equality.limits import KEPT_BY_STEP
from harness.judging.verdict import Verdict, judge, judge_difference, looks
from harness.measuring.campaign import Participant
from harness.regression.launch import IMAGES, Launch, measure
from harness.regression.pair import CandidateFailed, started
from harness.workers import together
from harness.workers.worker import Worker, in_a_line
from impls.contract import Settings

MUST_MATCH = ("affinity", "jit_compile")
KEPT = {"kept-by-epoch": IMAGES // 128 * KEPT_BY_STEP, "kept-by-call": KEPT_BY_STEP}  # bytes that do not matter

MOST_LANES = 4  # two workers each, with all of a framework in memory


def most_lanes(processors: int, threads: int) -> int:
    """How many launches can run at once on so many processors, if each takes `threads` of them."""
    return min(MOST_LANES, max(1, processors // threads))


class Comparison:
    """After `run`, `verdicts` has one for each of the `quantities`, by name.

    - `pythons`: the interpreters of the baseline and of the candidate.
    - `start(participant)`: gives it a fresh worker.
    - `margin`: a slowdown that does not matter, 0.05 for 5 %.
    - `error`, `family`: the chance that any verdict of the whole run is wrong, and how many quantities are judged in
      it, of other variants too.
    - `lanes`: launches at once, each pair on processors of its own.
    """

    def __init__(
        self,
        variant: str,
        pythons: Sequence[str],
        settings: Settings,
        dataset: Parts,
        start: Callable[[Participant], Worker],
        quantities: Sequence[str],
        margin: float,
        error: float,
        family: int,
        lanes: int = 1,
    ):
        self.variant = variant
        self.pythons = pythons
        self.settings = settings
        self.dataset = dataset
        self.start = start
        self.quantities = quantities
        self.margin = margin
        self.error = error
        self.family = family
        self.lanes = lanes
        self.launches: dict[int, tuple[Launch, Launch]] = {}  # those that were completed, by number
        self.begun = 0
        self.failure: Exception | None = None
        self.verdicts: dict[str, Verdict] = {}
        self.longest = 0.0  # seconds of launches at once so far

    def run(self, seconds: float, on_progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Launch both until all is decided, or there is no time for one launch more.

        `on_progress(launches, look)` is called before launches: how many are done, and where the next look is.
        """
        until = time.monotonic() + seconds
        for look, error in looks(self.error, self.family):
            while self.begun < look and not self._is_over(until):
                on_progress(self.begun, look)
                self._launch(min(self.lanes, look - self.begun))
            self._look(error)
            if self._is_over(until) or not self._undecided():
                return

    def values(self, quantity: str) -> tuple[list[float], list[float]]:
        """What each launch of the baseline and the candidate took: CPU seconds, seconds of a call, or bytes."""
        found = [_values(quantity, *self.launches[number]) for number in sorted(self.launches)]
        pairs = [pair for pair in found if None not in pair]
        return tuple([list(side) for side in zip(*pairs, strict=True)]) or ([], [])

    def _is_over(self, until: float) -> bool:
        return bool(self.failure or self._obstacle() or time.monotonic() + self.longest > until)

    def _launch(self, count: int) -> None:
        """So many at once. What goes wrong ends the sampling."""
        wanted, numbers, under_way = self._undecided(), range(self.begun, self.begun + count), []
        self.begun += count

        def launch(number: int) -> None:
            lane = number % self.lanes
            with started(self.variant, self.pythons, self.settings, self.dataset, self.start, (lane, lane)) as pair:
                under_way.append(pair)
                self.launches[number] = measure(pair, wanted, number)

        def close() -> None:
            for pair in under_way:
                pair.close()

        began = time.monotonic()
        try:
            together.each(launch, numbers, count, close)
        except Exception as error:
            self.failure = error
        self.longest = max(self.longest, time.monotonic() - began)

    def _look(self, error: float) -> None:
        for quantity in self.quantities:
            if quantity not in self.verdicts or not self.verdicts[quantity].decided:
                self.verdicts[quantity] = self._verdict(quantity, error)

    def _verdict(self, quantity: str, error: float) -> Verdict:
        if isinstance(self.failure, CandidateFailed):
            return Verdict("worse", reason=str(self.failure))
        if not self.begun:
            return Verdict("inconclusive", reason="the time was up before the first launch")
        if self._obstacle():
            return Verdict("not comparable", reason=self._obstacle())
        known = self._judged(quantity, error)
        return known._replace(reason=in_a_line(self.failure), needed=0) if self.failure else known

    def _judged(self, quantity: str, error: float) -> Verdict:
        values = self.values(quantity)
        if quantity in KEPT:
            return judge_difference(*values, KEPT[quantity], error, "KiB")
        return judge(*values, self.margin, error)

    def _undecided(self) -> list[str]:
        """What the sampling goes on for."""
        return [
            name for name in self.quantities if name not in self.verdicts or self.verdicts[name].worth_more_launches
        ]

    def _obstacle(self) -> str:
        """What makes a comparison of times meaningless, or nothing."""
        if not self.launches:
            return ""
        baseline, candidate = (launch.conditions for launch in next(iter(self.launches.values())))
        return "; ".join(
            f"{key} {baseline.get(key)} in the baseline, {candidate.get(key)} in the candidate"
            for key in MUST_MATCH
            if baseline.get(key) != candidate.get(key)
        )


def _values(quantity: str, baseline: Launch, candidate: Launch) -> tuple[float | None, float | None]:
    """Of both, in one launch.

    Over the blocks of what is repeated it is the median, as some are disturbed. The candidate's value is the baseline's
    times the median of the ratios of blocks that were neighbours in time: what changes from one to the next is in both.
    """
    blocks = [launch.blocks.get(quantity) for launch in (baseline, candidate)]
    if not all(blocks):
        return baseline.values.get(quantity), candidate.values.get(quantity)
    ratio = math.exp(statistics.median(math.log(after / before) for before, after in zip(*blocks, strict=True)))
    return statistics.median(blocks[0]), statistics.median(blocks[0]) * ratio
