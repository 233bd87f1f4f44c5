"""Tasks of a worker: time the calls of an operation without and with the profiler of the framework."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from harness.measuring import timing
from harness.measuring.workload import Operation, Workload
from harness.profiling.hlo import FLAGS, described, programs
from harness.profiling.kinds import KINDS, OVERHEAD, kind
from harness.profiling.shares import shares, whole
from impls.adapter import Adapter
from impls.contract import changes_state
from impls.profiler import Kernel, profiler

WARM_UP = 5  # steps before each measurement
TURNS = 5  # calls without the profiler, then with it: a drift of the machine affects both


def dump_programs(folder: str) -> None:
    """Let XLA write the programs that it compiles into `folder`. Call it before the framework is imported."""
    os.environ["XLA_FLAGS"] = FLAGS.format(folder)


@changes_state
def profile(
    implementation: Adapter,
    variant: str,
    operation: Operation,
    images: np.ndarray,
    labels: np.ndarray,
    programs_in: str,
    traces_in: str,
) -> dict[str, Any]:
    """Return seconds of a call: `alone`, under the profiler (`seconds`), and of the latter those of each kind, `parts`.

    Each is a mean over `operation.rounds` calls, at least one in each of `TURNS`.
    """
    work = Workload(implementation, operation, images, labels)
    record, rounds = profiler(variant), max(1, operation.rounds // TURNS)
    alone: list[float] = []
    taken: list[float] = []
    turns: list[list[Kernel]] = []  # the clock of each is another
    for turn in range(TURNS):
        _warm_up(work)
        alone += _calls(work, rounds)
        folder = Path(traces_in) / str(turn)
        folder.mkdir(parents=True)
        turns.append(record(implementation, lambda: taken.extend(_calls(work, rounds)), str(folder)))
    known = programs(Path(programs_in))
    found: Counter[str] = Counter()
    for kernels in turns:
        found.update(shares((kind(described(about, known)), start / 1e9, end / 1e9) for about, start, end in kernels))
    parts = whole(found, sum(taken), OVERHEAD)
    return {
        "alone": sum(alone) / len(alone),
        "seconds": sum(taken) / len(taken),
        "parts": {name: parts.get(name, 0.0) / len(taken) for name in KINDS},
    }


def _warm_up(work: Workload) -> None:
    for _ in range(WARM_UP):
        work.call()
    work.synchronize()


def _calls(work: Workload, rounds: int) -> list[float]:
    """Return the seconds of each call."""
    return [timing.once(work.call, work.synchronize) for _ in range(rounds)]
