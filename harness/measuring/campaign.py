"""A campaign: all targets interleaved in short blocks, over several process runs of each.

A machine drifts within minutes, and two process runs of the same program differ (docs/explanation/how-fast.md).
Interleaving gives every target the same drift. The unit of evidence is the process run.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from harness.data.lazy import Parts
from harness.measuring import roofline
from harness.measuring.interleaving import in_turn, interleaved
from harness.measuring.starting import conditions, import_seconds
from harness.measuring.usage import peak_memory
from harness.measuring.workload import Operation, block, first_step, prepare
from harness.workers import together, variables
from harness.workers.worker import Worker, WorkerEnded


class Target(NamedTuple):
    """A build that is measured. `build`: the function that builds it, with its arguments, as in `Session.build`."""

    name: str
    variant: str
    network: str
    build: tuple = ()
    operations: tuple[Operation, ...] = ()
    has_first_step: bool = True
    python: str = sys.executable  # that runs it
    cpu_slot: int = 0  # see `WorkerSpec`
    environment: Mapping[str, str] = MappingProxyType({})  # variables to set before anything is imported


@dataclass
class ProcessRun:
    """Measurements of one process run: seconds, and bytes for memory. A missing item was not measured."""

    import_seconds: float
    memory: dict[str, int] = field(default_factory=dict)  # most bytes held after "import", "building", ...
    building_seconds: float | None = None
    first_step_seconds: float | None = None
    samples: dict[Operation, list[float]] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)


@dataclass
class Campaign:
    """The measurements of several targets.

    After `run`, `runs[name]` are the completed process runs of a target, and `failures[name]` is the error that
    ended it. `workers` are those of the last process run, which live until `close`. `done` counts the process runs.

    - `start(target)`: returns a new worker.
    - `machine`: conditions for the records.
    - `at_once`: targets that start at the same time; several disturb each other's imports and first steps.
    """

    targets: Sequence[Target]
    dataset: Parts
    start: Callable[[Target], Worker]
    machine: Mapping[str, Any] = field(default_factory=dict)
    at_once: int = 1
    failures: dict[str, Exception] = field(default_factory=dict, init=False)
    workers: dict[str, Worker] = field(default_factory=dict, init=False)
    done: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.runs: dict[str, list[ProcessRun]] = {target.name: [] for target in self.targets}

    def run(self, runs: int, on_progress: Callable[[int, int, str], None] = lambda *_: None) -> None:
        """Start and measure all targets `runs` times more.

        `on_progress(run, runs, what)` is called before each operation, `run` counted from 1.
        """
        last = self.done + runs
        while self.done < last:
            self.close()
            self.done += 1
            try:
                self._process_run(self.done - 1, lambda what: on_progress(self.done, last, what))
            except BaseException:  # Ctrl-C above all
                self.close()
                raise

    def _process_run(self, number: int, on_progress: Callable[[str], None]) -> None:
        active: dict[str, ProcessRun] = {}

        def start(target: Target) -> None:
            on_progress(f"start {target.name}")
            self._try(self._open, target, active)

        together.each(start, in_turn(self.targets, number), self.at_once, self.close)
        operations = dict.fromkeys(operation for each in self.targets for operation in each.operations)
        for operation in sorted(operations, key=_place):
            on_progress(str(operation))
            ready = [target for target in self.targets if operation in target.operations]
            for target in ready:
                self._try(self._prepare, target, operation)
            turns = range(number * operation.blocks, (number + 1) * operation.blocks)
            for target in interleaved(ready, turns):
                self._try(self._block, target, operation, active)
        for name in active.keys() - self.failures.keys():
            self.runs[name].append(active[name])

    def _try(self, do: Callable, target: Target, *arguments: Any) -> None:
        """Call `do` unless the target has failed. Keep its error, and close its worker, which may be busy."""
        if target.name in self.failures:
            return
        try:
            do(target, *arguments)
        except WorkerEnded:
            raise  # by `close`, as after Ctrl-C or by pytest-timeout: no finding about the target
        except Exception as error:
            self.failures[target.name] = error
            if target.name in self.workers:
                self.workers.pop(target.name).close()

    def _open(self, target: Target, active: dict[str, ProcessRun]) -> None:
        worker = self.workers[target.name] = self.start(target)
        run = active[target.name] = ProcessRun(worker.run(import_seconds, target.variant))
        _note_memory(run, "import", worker)
        run.building_seconds = worker.build(*target.build)
        _note_memory(run, "building", worker)
        run.conditions = worker.run(conditions) | {"kept_variables": variables.described(worker.kept)}
        if target.has_first_step:
            run.first_step_seconds = worker.run(first_step, *self.dataset.train.first(128))
            _note_memory(run, "first step", worker)

    def _prepare(self, target: Target, operation: Operation) -> None:
        worker = self.workers[target.name]
        if operation.method == "train_step":
            worker.obtain(*target.build)  # its first state: moments of weights long unused are denormal, and slow
        worker.run(prepare, operation, *self.dataset.train)

    def _block(self, target: Target, operation: Operation, active: dict[str, ProcessRun]) -> None:
        worker, run = self.workers[target.name], active[target.name]
        run.samples.setdefault(operation, []).extend(worker.run(block))
        if operation.method == "fit":
            _note_memory(run, "training", worker)

    def close(self) -> None:
        """End all workers."""
        while self.workers:
            self.workers.popitem()[1].close()


def _place(operation: Operation) -> int:
    """Sort key: an epoch first, before memory is mixed; then the roofline, right before the training steps."""
    return ["fit", *(each.method for each in roofline.OPERATIONS), operation.method].index(operation.method)


def _note_memory(run: ProcessRun, after: str, worker: Worker) -> None:
    peak = worker.run(peak_memory)
    if peak is not None:
        run.memory[after] = peak
