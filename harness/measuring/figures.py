"""Numbers of a campaign, one for each process run: medians, the roofline, starting times, and memory."""

import statistics
from collections.abc import Iterable, Sequence

from harness.measuring import roofline
from harness.measuring.campaign import ProcessRun
from harness.measuring.workload import Operation
from impls.contract import NETWORKS


def medians(runs: Iterable[ProcessRun], operation: Operation) -> list[float]:
    """Return the median of each process run that has samples of the operation, in seconds."""
    return [statistics.median(run.samples[operation]) for run in runs if operation in run.samples]


def roofline_seconds(runs: Sequence[ProcessRun], operation: Operation, network: str) -> list[float]:
    """Return the roofline of a training step of the network in each process run, in seconds; [] for other work."""
    if operation.method != "train_step":
        return []
    rates = zip(*(medians(runs, each) for each in roofline.OPERATIONS), strict=True)
    return [roofline.train_step_seconds(NETWORKS[network], operation.batch_size, *of_run) for of_run in rates]


def starting(runs: Sequence[ProcessRun]) -> dict[str, list[float | None]]:
    """Return the seconds of the import, the building and the first step of each process run."""
    return {
        "import": [run.import_seconds for run in runs],
        "building": [run.building_seconds for run in runs],
        "first step": [run.first_step_seconds for run in runs],
    }


def memory(runs: Sequence[ProcessRun]) -> dict[str, list[int | None]]:
    """Return the most bytes held after each stage of each process run."""
    stages = dict.fromkeys(stage for run in runs for stage in run.memory)
    return {stage: [run.memory.get(stage) for run in runs] for stage in stages}
