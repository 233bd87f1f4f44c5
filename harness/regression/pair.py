"""The baseline and its candidate, or several, as workers that do the same work at once or interleaved."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import impls
from harness.data.lazy import Parts
from harness.equality.parameters import random_parameters
from harness.measuring.campaign import Target
from harness.measuring.interleaving import in_turn
from harness.measuring.timing import Unmeasurable
from harness.workers import together
from harness.workers.excerpt import in_a_line
from harness.workers.worker import Worker
from impls import PackageNotInstalled
from impls.contract import NETWORKS, Network, Settings

SIDES = ("baseline", "candidate")


class CandidateFailed(Exception):
    """An exception if a candidate raised an error or died, and the baseline did the same work.

    `side` is its position among the workers.
    """

    def __init__(self, message: str, side: int = 1):
        super().__init__(message)
        self.side = side


@dataclass
class Pair:
    """The workers of one variant, the baseline's first: two, or more to compare several candidates with it.

    `built` is what they build in place of the variant, as in `Session.build`. It predicts, and cannot train.

    Every method returns the results of all. It raises the baseline's error; `CandidateFailed` if only a candidate
    fails; the candidate's error if a package is missing or the machine cannot be measured.
    """

    variant: str
    settings: Settings
    dataset: Parts
    workers: Sequence[Worker]
    built: tuple = ()

    def run(self, function: Callable | str, *arguments: Any) -> tuple[Any, ...]:
        """Run `Worker.run(function, *arguments)` in all workers at once."""
        return self._at_once(lambda worker: worker.run(function, *arguments))

    def build(self, **changes: Any) -> tuple[Any, ...]:
        """Build the variant in all workers at once, with these settings changed. Return the seconds."""
        built = self.built or (impls.load, self.variant, replace(self.settings, **changes))
        return self._at_once(lambda worker: worker.build(*built))

    def run_in_turn(self, turn: int, function: Callable, *arguments: Any) -> tuple[Any, ...]:
        """Run the function in one worker after the other, in the order of this turn."""
        sides = range(len(self.workers))
        results = {side: caught(self.workers[side].run, function, *arguments) for side in in_turn(sides, turn)}
        return checked(*(results[side] for side in sides))

    def _at_once(self, do: Callable[[Worker], Any]) -> tuple[Any, ...]:
        return checked(*together.each(lambda worker: caught(do, worker), self.workers, len(self.workers), self.close))

    @property
    def network(self) -> Network:
        """The network of the settings."""
        return NETWORKS[self.settings.network]

    def initial_parameters(self, seed: int = 0) -> dict[str, np.ndarray]:
        """Return parameters that both versions hold exactly: see `harness.equality.parameters`."""
        return random_parameters(self.network.shapes, seed)

    def is_running(self) -> bool:
        """Return whether all workers are running."""
        return all(worker.is_running() for worker in self.workers)

    def close(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.close()


@dataclass(frozen=True)
class Pairs:
    """A factory of pairs. `start(target)` returns a new worker; `built` is as in `Pair`, by the name of its pair."""

    settings: Settings
    dataset: Parts
    start: Callable[[Target], Worker]
    built: Mapping[str, tuple] = field(default_factory=dict)

    @contextlib.contextmanager
    def started(self, variant: str, pythons: Sequence[str], cpu_slots: Sequence[int] = ()) -> Iterator[Pair]:
        """Yield new workers under these interpreters, the baseline's first. Raises as `Pair` does.

        Each is on its block of processors (see `WorkerSpec`): all are on the first if none is given.
        """
        cpu_slots = cpu_slots or [0] * len(pythons)
        workers: list[Worker] = []  # those that must be closed, even if the other does not start
        pair = Pair(variant, self.settings, self.dataset, workers, self.built.get(variant, ()))

        def open_(side: int) -> Worker:
            name = SIDES[side] if side < len(SIDES) else f"candidate {side}"
            own = {"python": pythons[side], "cpu_slot": cpu_slots[side]}
            workers.append(self.start(Target(name, variant, self.settings.network, **own)))
            return workers[-1]

        try:
            sides = range(len(pythons))
            pair.workers = checked(*together.each(lambda side: caught(open_, side), sides, len(sides), pair.close))
            yield pair
        finally:
            pair.close()

    def process_runs(
        self,
        variant: str,
        pythons: Sequence[str],
        numbers: Sequence[int],
        at_once: int,
        run: Callable[[Pair, int], None],
    ) -> None:
        """Call `run(pair, number)` for each number at once, with new workers on block `number % at_once` of processors.

        Raises the first error. All workers have ended then.
        """
        started: list[Pair] = []
        closing = threading.Event()

        def process_run(number: int) -> None:
            with self.started(variant, pythons, [number % at_once] * len(pythons)) as pair:
                started.append(pair)
                if not closing.is_set():
                    run(pair, number)

        def close() -> None:
            closing.set()
            for pair in started:
                pair.close()

        together.each(process_run, numbers, len(numbers), close)


def caught(do: Callable, *arguments: Any) -> Any:
    """Return the result, or the error in its place."""
    try:
        return do(*arguments)
    except Exception as error:
        return error


def checked(baseline: Any, *candidates: Any) -> tuple[Any, ...]:
    """Return all results. Raises as `Pair` does if one is an error."""
    if isinstance(baseline, Exception):
        raise baseline
    for side, candidate in enumerate(candidates, 1):
        if isinstance(candidate, PackageNotInstalled | Unmeasurable):
            raise candidate
        if isinstance(candidate, Exception):
            message = f"the candidate fails where the baseline does not: {in_a_line(candidate)}"
            raise CandidateFailed(message, side) from candidate
    return baseline, *candidates
