"""The baseline and the candidate: a worker each, started at once, asked the same at once or in turns."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from harness import together
from harness.campaign import Participant, in_turn
from harness.proxy import Worker, in_a_line
from harness.timing import Unmeasurable
from harness.wire import Mnist
from impls import PackageNotInstalled
from impls.contract import Settings

SIDES = ("baseline", "candidate")


class CandidateFailed(Exception):
    """The candidate raised something, or died, where the baseline did its work."""


class Pair:
    """Two workers of one variant, the baseline's first, and the data that they are asked about."""

    def __init__(self, variant: str, settings: Settings, mnist: Mnist, workers: Sequence[Worker]):
        self.variant = variant
        self.settings = settings
        self.mnist = mnist
        self.workers = workers

    def ask(self, *command: Any) -> tuple[Any, Any]:
        """What both answer, asked at once.

        Raises what the baseline raises; `CandidateFailed` if only the candidate raises, or what it raises if that is
        no fault of its own.
        """
        return _judged(together.each(lambda worker: _answer(worker.call, *command), self.workers, 2, self.close))

    def ask_in_turn(self, turn: int, *command: Any) -> tuple[Any, Any]:
        """The same, one after the other; who is the first depends on the turn."""
        answers = {side: _answer(self.workers[side].call, *command) for side in in_turn((0, 1), turn)}
        return _judged([answers[0], answers[1]])

    def build(self, **changes: Any) -> None:
        self.ask("build", self.variant, asdict(replace(self.settings, **changes)))

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
    mnist: Mnist,
    start: Callable[[Participant], Worker],
    lanes: tuple[int, int],
) -> Iterator[Pair]:
    """A pair of fresh workers, each in its lane (see `Worker`), which end with the context. Raises as `Pair.ask`."""
    participants = [
        Participant(side, variant, (), (), python=python, lane=lane)
        for side, python, lane in zip(SIDES, pythons, lanes, strict=True)
    ]
    begun: list[Worker] = []
    pair = Pair(variant, settings, mnist, begun)

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
