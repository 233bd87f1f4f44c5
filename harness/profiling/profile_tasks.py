"""Tasks of a worker: time the calls of an operation without and with the profiler of the framework."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from harness.measuring import timing
from harness.measuring.interleaving import interleaved
from harness.measuring.workload import Operation, Workload
from harness.profiling.hlo import FLAGS, programs
from harness.profiling.kinds import KINDS, OVERHEAD, kind, shares
from impls.adapter import Adapter
from impls.contract import changes_state
from impls.profiler import Kernel, profiler

WARM_UP = 5  # calls before each measurement
TURNS = 5  # of the calls without the profiler and those with it: a drift of the machine affects both


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

    Each is a mean over `operation.rounds` calls, at least one in each of `TURNS`. Raises `ValueError` if the kernels of
    the profiler took longer than the calls.
    """
    work = Workload(implementation, operation, images, labels)
    record, rounds = profiler(variant), max(1, operation.rounds // TURNS)
    alone: list[float] = []
    recorded: list[float] = []
    traces: list[list[Kernel]] = []  # the clock of each is another

    def call(seconds: list[float]) -> None:
        seconds += [timing.once(work) for _ in range(rounds)]

    def call_recorded() -> None:
        folder = Path(traces_in) / str(len(traces))
        folder.mkdir(parents=True)
        traces.append(record(implementation, lambda: call(recorded), str(folder)))

    for side in interleaved((lambda: call(alone), call_recorded), range(TURNS)):
        work.repeat(WARM_UP)
        side()
    known = programs(Path(programs_in))
    found: Counter[str] = Counter()
    for kernels in traces:
        found.update(shares((kind(known.get(each.about, each.about)), each.start, each.end) for each in kernels))
    parts = {name: time / 1e9 for name, time in found.items()}
    in_kernels, wall = sum(parts.values()), sum(recorded)
    if in_kernels > wall:
        raise ValueError(f"expected kernels within the {wall:.3g} s of the calls, got {in_kernels:.3g} s")
    parts[OVERHEAD] = wall - in_kernels
    return {
        "alone": sum(alone) / len(alone),
        "seconds": sum(recorded) / len(recorded),
        "parts": {name: parts.get(name, 0.0) / len(recorded) for name in KINDS},
    }
