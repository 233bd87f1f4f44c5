"""A profile of a variant: in a fresh worker, with what XLA says of its programs; the traces are kept if asked for."""

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
IMAGES = 8192  # that the calls go through in turn


def profiles(
    entrant: Entrant, settings: Settings, dataset: Parts, start: Callable[[str], Worker], traces: Path | None
) -> dict[str, dict[str, Any]]:
    """Operation -> what `harness.profiling.tasks.profile` found out about it, and the `floor` of a training step.

    `start(name)` gives a fresh worker of a variant, or of the floor. Raises what the worker raises.
    """
    settings = replace(settings, network=entrant.network)
    with tempfile.TemporaryDirectory() as scratch:
        worker = start(entrant.variant)
        try:
            worker.do(dump_programs, f"{scratch}/programs")
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
    """Seconds; of training steps alone."""
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
