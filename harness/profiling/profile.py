"""A profile of a variant: in a fresh worker, with what XLA says of its programs; the traces are kept if asked for."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import impls
from harness.data.reference import Parts
from harness.measuring.workload import OPERATIONS, Operation
from harness.profiling.tasks import dump_programs
from harness.profiling.tasks import profile as profiled
from harness.workers.worker import Worker
from impls import Entrant
from impls.contract import NETWORKS, Settings

PROFILED = [each for each in OPERATIONS if str(each) in ("train_step-128", "predict_step-128")]
ROUNDS = 50  # calls under the profiler, of a light network


def profiles(
    entrant: Entrant, settings: Settings, dataset: Parts, start: Callable[[str], Worker], traces: Path | None
) -> dict[str, dict[str, Any]]:
    """Operation -> what `harness.profiling.tasks.profile` found out about it. Raises what the worker raises."""
    settings = replace(settings, network=entrant.network)
    with tempfile.TemporaryDirectory() as scratch:
        worker = start(entrant.variant)
        try:
            worker.do(dump_programs, f"{scratch}/programs")
            worker.build(impls.load, entrant.variant, settings)
            found = {}
            for operation in map(_shortened(entrant), PROFILED):
                kept = str((traces or Path(scratch)) / str(entrant) / str(operation))
                question = (entrant.variant, operation, *dataset.train.first(8192), f"{scratch}/programs", kept)
                found[str(operation)] = worker.run(profiled, *question)
            return found
        finally:
            worker.close()


def _shortened(entrant: Entrant) -> Callable[[Operation], Operation]:
    return lambda operation: operation._replace(rounds=ROUNDS).scaled_to(NETWORKS[entrant.network])
