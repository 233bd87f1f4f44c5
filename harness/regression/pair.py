"""The baseline and the candidate as a pair of workers, which do the same work at once or interleaved."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import impls
from harness.data.lazy import Parts
from harness.equality.parameters import random_parameters
from harness.measuring.campaign import Target
from harness.measuring.interleaving import in_turn
from harness.measuring.timing import Unmeasurable
from harness.workers import together
from harness.workers.worker import Worker, in_a_line
from impls import PackageNotInstalled
from impls.contract import NETWORKS, Network, Settings

SIDES = ("baseline", "candidate")


class CandidateFailed(Exception):
    """An exception if the candidate raised an error or died, and the baseline did the same work."""


@dataclass
class Pair:
    """Two workers of one variant, the baseline's first.

    Every method returns the results of both. It raises the baseline's error; `CandidateFailed` if only the candidate
    fails; the candidate's error if a package is missing or the machine cannot be measured.
    """

    variant: str
    settings: Settings
    dataset: Parts
    workers: Sequence[Worker]

    def run(self, function: Callable | str, *arguments: Any) -> tuple[Any, Any]:
        """Run `Worker.run(function, *arguments)` in both workers at once."""
        return self._at_once(lambda worker: worker.run(function, *arguments))

    def build(self, **changes: Any) -> tuple[Any, Any]:
        """Build the variant in both workers at once, with these settings changed. Return the seconds."""
        settings = replace(self.settings, **changes)
        return self._at_once(lambda worker: worker.build(impls.load, self.variant, settings))

    def run_in_turn(self, turn: int, function: Callable, *arguments: Any) -> tuple[Any, Any]:
        """Run the function in one worker after the other, in the order of this turn."""
        results = {side: caught(self.workers[side].run, function, *arguments) for side in in_turn((0, 1), turn)}
        return checked(results[0], results[1])

    def _at_once(self, do: Callable[[Worker], Any]) -> tuple[Any, Any]:
        return checked(*together.each(lambda worker: caught(do, worker), self.workers, 2, self.close))

    @property
    def network(self) -> Network:
        """The network of the settings."""
        return NETWORKS[self.settings.network]

    def initial_parameters(self, seed: int = 0) -> dict[str, np.ndarray]:
        """Return parameters that both versions hold exactly: see `harness.equality.parameters`."""
        return random_parameters(self.network.shapes, seed)

    def is_running(self) -> bool:
        """Return whether both workers are running."""
        return all(worker.is_running() for worker in self.workers)

    def close(self) -> None:
        """End both workers."""
        for worker in self.workers:
            worker.close()


@dataclass(frozen=True)
class Pairs:
    """A factory of pairs.

    - `pythons`: the interpreters of the baseline and of the candidate.
    - `start(target)`: returns a new worker.
    """

    pythons: Sequence[str]
    settings: Settings
    dataset: Parts
    start: Callable[[Target], Worker]

    @contextlib.contextmanager
    def started(self, variant: str, cpu_slots: tuple[int, int] = (0, 0)) -> Iterator[Pair]:
        """Yield a pair of new workers, each on its block of processors (see `WorkerSpec`). Raises as `Pair` does."""
        workers: list[Worker] = []  # those that must be closed, even if the other does not start
        pair = Pair(variant, self.settings, self.dataset, workers)

        def open_(side: int) -> Worker:
            target = Target(
                SIDES[side], variant, self.settings.network, (), (), python=self.pythons[side], cpu_slot=cpu_slots[side]
            )
            workers.append(self.start(target))
            return workers[-1]

        try:
            pair.workers = checked(*together.each(lambda side: caught(open_, side), (0, 1), 2, pair.close))
            yield pair
        finally:
            pair.close()


def caught(do: Callable, *arguments: Any) -> Any:
    """Return the result, or the error in its place."""
    try:
        return do(*arguments)
    except Exception as error:
        return error


def checked(baseline: Any, candidate: Any) -> tuple[Any, Any]:
    """Return both results. Raises as `Pair` does if one is an error."""
    if isinstance(baseline, Exception):
        raise baseline
    if isinstance(candidate, PackageNotInstalled | Unmeasurable):
        raise candidate
    if isinstance(candidate, Exception):
        message = f"the candidate fails where the baseline does not: {in_a_line(candidate)}"
        raise CandidateFailed(message) from candidate
    return baseline, candidate
