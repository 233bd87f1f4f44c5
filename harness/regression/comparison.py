"""One variant under two versions: launches in pairs, measured in turns, until each quantity has its verdict."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

from harness.campaign import Campaign, Launch, Participant
from harness.proxy import Worker, in_a_line
from harness.regression.verdict import LOOKS, Verdict, judge
from harness.timing import Unmeasurable
from harness.wire import Mnist
from harness.workload import Operation
from impls import PackageNotInstalled
from impls.contract import Settings

SIDES = ("baseline", "candidate")

# Many short blocks: on a shared machine the ratio of two varies by 5 to 25 %, the median of 12 by
# 1 % from launch to launch, and by 7 % for JAX's prediction.
TIMED = {
    str(operation): operation
    for operation in (
        Operation("train_step", 128, rounds=12, blocks=12, settle=0.03),
        Operation("predict_step", 1, rounds=100, blocks=12, settle=0.03),
        Operation("predict_step", 128, rounds=30, blocks=12, settle=0.03),
        Operation("fit", 6400, rounds=1, blocks=6),  # epochs of 50 batches, after one that is not counted
    )
}
# One value a launch. The first step counts from the import on, with the building of the network: PyTorch's step alone
# takes 0.03 s, and varies by half. Memory is the most that was held until then.
STARTING = ("import", "first-step", "peak-memory")
QUANTITIES = (*TIMED, *STARTING)

MUST_MATCH = ("affinity", "jit_compile")


class Comparison:
    """After `run`, `verdicts` has one for each of the `quantities`, by name.

    - `pythons`: the interpreters of the baseline and of the candidate.
    - `start(participant)`: gives it a fresh worker.
    - `margin`: a slowdown that does not matter, 0.05 for 5 %.
    - `family`: how many quantities are judged in the whole run, of other variants too.
    """

    def __init__(
        self,
        variant: str,
        pythons: Sequence[str],
        settings: Settings,
        mnist: Mnist,
        start: Callable[[Participant], Worker],
        quantities: Sequence[str],
        margin: float,
        family: int,
    ):
        self.participants = [
            Participant(side, variant, ("build", variant, asdict(settings)), (), python=python)
            for side, python in zip(SIDES, pythons, strict=True)
        ]
        self.campaign = Campaign(self.participants, mnist, start)
        self.quantities = quantities
        self.margin = margin
        self.family = family
        self.verdicts: dict[str, Verdict] = {}
        self.longest = 0.0  # seconds of a launch so far

    def run(self, seconds: float, on_progress: Callable[[int, int, str], None] = lambda *_: None) -> None:
        """Launch both until all is decided, or there is no time for one launch more.

        `on_progress(launch, launches, what)` is called before each operation; `launches` is where the next look is.
        """
        until = time.monotonic() + seconds
        for look in LOOKS:
            while self.campaign.done < look:
                if self.campaign.failures or self._obstacle() or time.monotonic() + self.longest > until:
                    return self._look()
                self._launch(lambda launch, _, what, look=look: on_progress(launch, look, what))
            self._look()
            if not self._undecided():
                return None
        return None

    def values(self, quantity: str) -> tuple[list[float], list[float]]:
        """What each launch of the baseline and the candidate took: bytes, or seconds; of a call as in `_per_call`."""
        pairs = zip(*(self.campaign.launches[side] for side in SIDES), strict=False)
        found = [pair for pair in (_values(quantity, *launches) for launches in pairs) if None not in pair]
        return tuple([list(side) for side in zip(*found, strict=True)]) or ([], [])

    def _launch(self, on_progress: Callable[[int, int, str], None]) -> None:
        timed = tuple(TIMED[quantity] for quantity in self._undecided() if quantity in TIMED)
        self.campaign.participants = [each._replace(operations=timed) for each in self.participants]
        started = time.monotonic()
        self.campaign.run(1, on_progress)
        self.campaign.close()
        self.longest = max(self.longest, time.monotonic() - started)

    def _look(self) -> None:
        for quantity in self.quantities:
            if quantity not in self.verdicts or not self.verdicts[quantity].decided:
                self.verdicts[quantity] = self._verdict(quantity)

    def _verdict(self, quantity: str) -> Verdict:
        if self.campaign.failures:
            return self._failed(quantity)
        if not self.campaign.done:
            return Verdict("inconclusive", reason="the time was up before the first launch")
        obstacle = self._obstacle()
        if obstacle:
            return Verdict("not comparable", reason=obstacle)
        return judge(*self.values(quantity), self.margin, self.family)

    def _failed(self, quantity: str) -> Verdict:
        """A candidate that fails where the baseline does not is worse; otherwise there is what was known before."""
        said = {side: f"{side}: {in_a_line(error)}" for side, error in self.campaign.failures.items()}
        blameless = isinstance(self.campaign.failures.get("candidate"), PackageNotInstalled | Unmeasurable)
        if list(said) == ["candidate"] and not blameless:
            return Verdict("worse", reason=f"it fails where the baseline does not, {said['candidate']}")
        known = judge(*self.values(quantity), self.margin, self.family)
        return known._replace(reason="; ".join(said.values()), needed=0)

    def _undecided(self) -> list[str]:
        """What the sampling goes on for."""
        return [
            name for name in self.quantities if name not in self.verdicts or self.verdicts[name].worth_more_launches
        ]

    def _obstacle(self) -> str:
        """What makes a comparison of times meaningless, or nothing."""
        first = [launches[0].conditions for launches in self.campaign.launches.values() if launches]
        return "; ".join(
            f"{key} {first[0].get(key)} in the baseline, {first[1].get(key)} in the candidate"
            for key in MUST_MATCH
            if len(first) == 2 and first[0].get(key) != first[1].get(key)
        )


def _values(quantity: str, baseline: Launch, candidate: Launch) -> tuple[float | None, float | None]:
    if quantity in TIMED:
        return _per_call(TIMED[quantity], baseline, candidate)
    pick = {
        "import": lambda launch: launch.import_seconds,
        "first-step": lambda launch: launch.import_seconds + launch.building_seconds + launch.first_step_seconds,
        "peak-memory": lambda launch: launch.memory.get("first step"),
    }[quantity]
    return pick(baseline), pick(candidate)


def _per_call(operation: Operation, *launches: Launch) -> tuple[float | None, float | None]:
    """Seconds of a call, of both: the mean of a block, in which what comes with every tenth call counts, too.

    Over the blocks the median, as some are disturbed. The candidate's value is the baseline's times the median of the
    ratios of blocks that were neighbours in time, so that what changes from one block to the next is in both.
    """
    if not all(operation in launch.samples for launch in launches):
        return None, None
    baseline, candidate = (_blocks(operation, launch.samples[operation]) for launch in launches)
    ratio = math.exp(
        statistics.median(math.log(after / before) for before, after in zip(baseline, candidate, strict=True))
    )
    return statistics.median(baseline), statistics.median(baseline) * ratio


def _blocks(operation: Operation, samples: list[float]) -> list[float]:
    starts = range(0, len(samples), operation.rounds)
    return [statistics.mean(samples[start : start + operation.rounds]) for start in starts]
