"""The baseline and the candidate: a worker each, started at once, asked the same at once or in turns."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import impls
from harness.data.reference import Parts
from harness.equality.start import start
from harness.measuring.campaign import Participant, in_turn
from harness.measuring.timing import Unmeasurable
from harness.workers import together
from harness.workers.worker import Worker, in_a_line
from impls import PackageNotInstalled
from impls.contract import NETWORKS, Network, Settings

SIDES = ("baseline", "candidate")


class CandidateFailed(Exception):
    """The candidate raised something, or died, where the baseline did its work."""


class Pair:
    """Two workers of one variant, the baseline's first, and the data that they are asked about."""

    def __init__(self, variant: str, settings: Settings, dataset: Parts, workers: Sequence[Worker]):
        self.variant = variant
        self.settings = settings
        self.dataset = dataset
        self.workers = workers

    def run(self, function: Callable | str, *arguments: Any) -> tuple[Any, Any]:
        """`Worker.run` in both, at once.

        Raises what the baseline raises; `CandidateFailed` if only the candidate raises, or what it raises if that is
        no fault of its own.
        """
        return self._at_once(lambda worker: worker.run(function, *arguments))

    def build(self, **changes: Any) -> None:
        settings = replace(self.settings, **changes)
        self._at_once(lambda worker: worker.build(impls.load, self.variant, settings))

    def run_in_turn(self, turn: int, function: Callable, *arguments: Any) -> tuple[Any, Any]:
        """`run`, one after the other; which of both is the first depends on the turn."""
        answers = {side: _answer(self.workers[side].run, function, *arguments) for side in in_turn((0, 1), turn)}
        return _judged([answers[0], answers[1]])

    def _at_once(self, ask: Callable[[Worker], Any]) -> tuple[Any, Any]:
        return _judged(together.each(lambda worker: _answer(ask, worker), self.workers, 2, self.close))

    @property
    def network(self) -> Network:
        return NETWORKS[self.settings.network]

    def start(self, seed: int = 0) -> dict[str, np.ndarray]:
        """Parameters that both hold exactly: see `start`."""
        return start(self.network.shapes, seed)

    def is_running(self) -> bool:
        return all(worker.is_running() for worker in self.workers)

    def close(self) -> None:
        for worker in self.workers:
            worker.close()


@contextlib.contextmanager
def started(
    variant: str,
    pythons: Sequence[str],
    settings: Settings,
    dataset: Parts,
    start: Callable[[Participant], Worker],
    lanes: tuple[int, int],
) -> Iterator[Pair]:
    """A pair of fresh workers, each in its lane (see `Worker`), which end with the context. Raises as `Pair.run`."""
    participants = [
        Participant(side, variant, settings.network, (), (), python=python, lane=lane)
        for side, python, lane in zip(SIDES, pythons, lanes, strict=True)
    ]
    begun: list[Worker] = []
    pair = Pair(variant, settings, dataset, begun)

    def open_(participant: Participant) -> Worker:
        worker = start(participant)
        begun.append(worker)
        return worker

    try:
        pair.workers = _judged(together.each(lambda each: _answer(open_, each), participants, 2, pair.close))
        yield pair
    finally:
        pair.close()


def _answer(ask: Callable, *arguments: Any) -> Any:
    """The answer, or the error instead of it."""
    try:
        return ask(*arguments)
    except Exception as error:
        return error


def _judged(answers: Sequence[Any]) -> tuple[Any, Any]:
    baseline, candidate = answers
    if isinstance(baseline, Exception):
        raise baseline
    if isinstance(candidate, PackageNotInstalled | Unmeasurable):
        raise candidate
    if isinstance(candidate, Exception):
        said = in_a_line(candidate)
        raise CandidateFailed(f"the candidate fails where the baseline does not: {said}") from candidate
    return baseline, candidate
