"""What is done in a worker: its steps, timed as they are and under the profiler of its framework."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from harness.measuring import timing
from harness.measuring.workload import Operation, Workload
from harness.profiling.hlo import FLAGS, described, programs
from harness.profiling.kinds import KINDS, OVERHEAD, kind
from harness.profiling.shares import shares, whole
from impls.contract import Implementation, changes_state
from impls.profiling import profiler

WARM_UP = 5  # steps before each measurement


def dump_programs(folder: str) -> None:
    """Let XLA write there what it compiles. Comes before the framework is imported."""
    os.environ["XLA_FLAGS"] = FLAGS.format(folder)


@changes_state
def profile(
    implementation: Implementation,
    variant: str,
    operation: Operation,
    images: np.ndarray,
    labels: np.ndarray,
    programs_in: str,
    traces_in: str,
) -> dict[str, Any]:
    """Seconds of a call: `alone`, in all under the profiler, `seconds`, and of these each kind's, `parts`.

    Each is a mean over `operation.rounds` calls: before the profile and after it those alone.
    """
    work = Workload(implementation, operation, images, labels)
    record = profiler(variant)
    taken: list[float] = []

    def run() -> None:
        taken.extend(timing.once(work.call, implementation.synchronize) for _ in range(operation.rounds))

    before = _alone(work, operation.rounds)
    Path(traces_in).mkdir(parents=True)
    found = record(implementation, run, traces_in)
    after = _alone(work, operation.rounds)
    known = programs(Path(programs_in))
    kinds = [(kind(described(about, known)), start / 1e9, end / 1e9) for about, start, end in found]
    parts = whole(shares(kinds), sum(taken), OVERHEAD)
    return {
        "alone": float(np.mean([before, after])),
        "seconds": sum(taken) / operation.rounds,
        "parts": {name: parts.get(name, 0.0) / operation.rounds for name in KINDS},
    }


def _alone(work: Workload, rounds: int) -> float:
    for _ in range(WARM_UP):
        work.call()
    work.implementation.synchronize()
    started = time.perf_counter()
    for _ in range(rounds):
        timing.once(work.call, work.implementation.synchronize)
    return (time.perf_counter() - started) / rounds
