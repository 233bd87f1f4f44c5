"""The profile of a variant, measured in a new worker. The traces are kept on request."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import impls
from harness.data.lazy import Parts
from harness.measuring import figures
from harness.measuring.campaign import Campaign, ProcessRun, Target
from harness.measuring.targets import roofline_target
from harness.measuring.workload import OPERATIONS
from harness.profiling.profile_tasks import dump_programs
from harness.profiling.profile_tasks import profile as profiled
from harness.workers.worker import Worker
from impls import Case
from impls.contract import NETWORKS, Settings

PROFILED = [each for each in OPERATIONS if str(each) in ("train_step-128", "predict_step-128")]
ROUNDS = 50  # calls under the profiler, of a light network
IMAGES = 8192  # of the batches, which the calls use in turn


def profiles(
    case: Case, settings: Settings, dataset: Parts, start: Callable[[Target], Worker], traces: Path | None
) -> dict[str, dict[str, Any]]:
    """Return operation -> the result of `profile_tasks.profile`, and the `roofline` in seconds or None.

    `start(target)` returns a new worker. `traces` is the folder in which traces are kept, or None. Raises what a
    worker raises.
    """
    variant, network = case
    settings = replace(settings, network=network)
    found = {}
    with tempfile.TemporaryDirectory() as scratch, closing(start(Target(variant, variant, network))) as worker:
        worker.run(dump_programs, f"{scratch}/programs")
        worker.build(impls.load, variant, settings)
        for operation in (each._replace(rounds=ROUNDS).scaled_to(NETWORKS[network]) for each in PROFILED):
            kept = str((traces or Path(scratch)) / str(case) / str(operation))
            call = variant, operation, *dataset.train.first(IMAGES), f"{scratch}/programs", kept
            found[str(operation)] = worker.run(profiled, *call)
    rooflines = _rooflines(settings, dataset, start)
    for each in PROFILED:
        found[str(each)]["roofline"] = next(iter(figures.roofline_seconds(rooflines, each, network)), None)
    return found


def _rooflines(settings: Settings, dataset: Parts, start: Callable[[Target], Worker]) -> list[ProcessRun]:
    """Return a process run of the roofline of this network."""
    target = roofline_target(settings)
    with closing(Campaign([target], dataset, start)) as campaign:
        campaign.run(1)
    for error in campaign.failures.values():
        raise error
    return campaign.runs[target.name]
