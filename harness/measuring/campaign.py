"""A campaign: all participants measured in turns, in short blocks and changing order, over several launches of each.

A machine drifts within minutes, and two launches of the same program differ: docs/how-fast.md shows by how much. Turns
make the drift the same for all; launches make the second kind of noise visible, and are the unit of evidence.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from harness.data.reference import Parts
from harness.measuring import floor
from harness.measuring.starting import conditions, import_seconds
from harness.measuring.usage import peak_memory
from harness.measuring.workload import Operation, block, first_step, prepare
from harness.workers import together, variables
from harness.workers.worker import Worker


class Participant(NamedTuple):
    """Whoever is measured. `build` is what makes it, with its arguments: see `Session.build`."""

    name: str
    variant: str
    network: str
    build: tuple
    operations: tuple[Operation, ...]
    has_first_step: bool = True
    python: str = sys.executable  # that runs it
    lane: int = 0  # see `Worker`


@dataclass
class Launch:
    """What one launch of a worker was measured to take: seconds, and bytes for memory. What is not there is missing."""

    import_seconds: float
    memory: dict[str, int] = field(default_factory=dict)  # most bytes held after "import", "building", ...
    building_seconds: float | None = None
    first_step_seconds: float | None = None
    samples: dict[Operation, list[float]] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)


class Campaign:
    """After `run`, `launches[name]` are those that were completed, and `failures[name]` is what ended the others.

    `workers` are those of the last launch: alive, until `close`.

    - `start(participant)`: gives it a fresh worker.
    - `machine`: what the figures depend on besides, for the records.
    - `at_once`: participants that start at the same time; more than one disturb each other's imports and first steps.
    """

    def __init__(
        self,
        participants: Sequence[Participant],
        dataset: Parts,
        start: Callable[[Participant], Worker],
        machine: Mapping[str, Any] = MappingProxyType({}),
        at_once: int = 1,
    ):
        self.participants = participants
        self.dataset = dataset
        self.start = start
        self.machine = machine
        self.at_once = at_once
        self.launches: dict[str, list[Launch]] = {participant.name: [] for participant in participants}
        self.failures: dict[str, Exception] = {}
        self.workers: dict[str, Worker] = {}
        self.done = 0  # launches that were begun

    def run(self, launches: int, on_progress: Callable[[int, int, str], None] = lambda *_: None) -> None:
        """Launch and measure all participants so many times more.

        `on_progress(launch, launches, what)` is called before each operation, `launch` counted from 1.
        """
        last = self.done + launches
        for number in range(self.done, last):
            self.close()
            self.done += 1
            try:
                self._launch(number, lambda what, number=number: on_progress(number + 1, last, what))
            except BaseException:  # Ctrl-C above all
                self.close()
                raise

    def _launch(self, number: int, on_progress: Callable[[str], None]) -> None:
        under_way: dict[str, Launch] = {}

        def start(participant: Participant) -> None:
            on_progress(f"start {participant.name}")
            self._ask(participant, self._open, under_way)

        together.each(start, in_turn(self.participants, number), self.at_once, self.close)
        operations = dict.fromkeys(operation for each in self.participants for operation in each.operations)
        for operation in sorted(operations, key=_place):
            on_progress(str(operation))
            ready = [participant for participant in self.participants if operation in participant.operations]
            for participant in ready:
                self._ask(participant, self._prepare, operation)
            for turn in range(operation.blocks):
                for participant in in_turn(ready, number * operation.blocks + turn):
                    self._ask(participant, self._block, operation, under_way)
        for name, launch in under_way.items():
            if name not in self.failures:
                self.launches[name].append(launch)

    def _ask(self, participant: Participant, do: Callable, *arguments: Any) -> None:
        """`do(participant, *arguments)`, unless it has failed; a failure is kept and ends its part in the campaign."""
        if participant.name in self.failures:
            return
        try:
            do(participant, *arguments)
        except Exception as error:
            self.failures[participant.name] = error
            if participant.name in self.workers:
                self.workers.pop(participant.name).close()  # or what it still does would disturb the others

    def _open(self, participant: Participant, under_way: dict[str, Launch]) -> None:
        worker = self.workers[participant.name] = self.start(participant)
        launch = under_way[participant.name] = Launch(worker.run(import_seconds, participant.variant))
        _remember_memory(launch, "import", worker)
        launch.building_seconds = worker.build(*participant.build)
        _remember_memory(launch, "building", worker)
        kept = {"kept_variables": variables.described(worker.kept)}
        launch.conditions = worker.run(conditions) | kept
        if participant.has_first_step:
            launch.first_step_seconds = worker.run(first_step, *self.dataset.train.first(128))
            _remember_memory(launch, "first step", worker)

    def _prepare(self, participant: Participant, operation: Operation) -> None:
        worker = self.workers[participant.name]
        if operation.method == "train_step":
            worker.build(*participant.build)  # anew: moments that were left alone for long are denormal numbers
        worker.run(prepare, operation, *self.dataset.train)

    def _block(self, participant: Participant, operation: Operation, under_way: dict[str, Launch]) -> None:
        worker, launch = self.workers[participant.name], under_way[participant.name]
        launch.samples.setdefault(operation, []).extend(worker.run(block))
        if operation.method == "fit":
            _remember_memory(launch, "training", worker)

    def close(self) -> None:
        while self.workers:
            self.workers.popitem()[1].close()


def in_turn(participants: Sequence[Participant], turn: int) -> list[Participant]:
    """In another order in each turn, so that nobody always follows the same one: for two, A B, B A, B A, A B."""
    start = turn // 2 % len(participants)
    order = [*participants[start:], *participants[:start]]
    return order[::-1] if turn % 2 else order


def _place(operation: Operation) -> int:
    """An epoch comes first, before memory is mixed; then the floor, just before the training steps beside it."""
    return ["fit", *(each.method for each in floor.OPERATIONS), operation.method].index(operation.method)


def _remember_memory(launch: Launch, after: str, worker: Worker) -> None:
    peak = worker.run(peak_memory)
    if peak is not None:
        launch.memory[after] = peak
