"""The profile of a variant, measured in a new worker. The traces are kept on request."""

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import impls
from harness.data.reference import Parts
from harness.measuring import floor
from harness.measuring.workload import OPERATIONS, Operation, block, prepare
from harness.profiling.tasks import dump_programs
from harness.profiling.tasks import profile as profiled
from harness.workers.worker import Worker
from impls import Entrant
from impls.contract import NETWORKS, Settings

PROFILED = [each for each in OPERATIONS if str(each) in ("train_step-128", "predict_step-128")]
ROUNDS = 50  # calls under the profiler, of a light network
IMAGES = 8192  # of the batches, which the calls use in turn


def profiles(
    entrant: Entrant, settings: Settings, dataset: Parts, start: Callable[[str], Worker], traces: Path | None
) -> dict[str, dict[str, Any]]:
    """Return operation -> the result of `harness.profiling.tasks.profile`, and the `floor` of a training step.

    `start(name)` returns a new worker of a variant, or of the floor. `traces` is the folder in which traces are kept,
    or None. Raises what the worker raises.
    """
    settings = replace(settings, network=entrant.network)
    with tempfile.TemporaryDirectory() as scratch:
        worker = start(entrant.variant)
        try:
            worker.run(dump_programs, f"{scratch}/programs")
            worker.build(impls.load, entrant.variant, settings)
            found = {}
            for operation in (each._replace(rounds=ROUNDS).scaled_to(NETWORKS[entrant.network]) for each in PROFILED):
                kept = str((traces or Path(scratch)) / str(entrant) / str(operation))
                question = (entrant.variant, operation, *dataset.train.first(IMAGES), f"{scratch}/programs", kept)
                found[str(operation)] = worker.run(profiled, *question)
        finally:
            worker.close()
    for name, operation in ((str(each), each) for each in PROFILED):
        found[name]["floor"] = _floor(operation, settings, dataset, start)
    return found


def _floor(operation: Operation, settings: Settings, dataset: Parts, start: Callable[[str], Worker]) -> float | None:
    """Return the floor of a training step in seconds; None for other operations."""
    if operation.method != "train_step":
        return None
    worker = start(floor.NAME)
    try:
        worker.build(floor.Machine, settings)
        medians = []
        for each in floor.OPERATIONS:
            worker.run(prepare, each, *dataset.train.first(1))
            medians.append(statistics.median([second for _ in range(each.blocks) for second in worker.run(block)]))
        return floor.train_step_seconds(NETWORKS[settings.network], operation.batch_size, *medians)
    finally:
        worker.close()
