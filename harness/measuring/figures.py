"""Numbers of a campaign, one for each launch: medians, the roofline, starting times, and memory."""

import statistics
from collections.abc import Iterable, Sequence

from harness.measuring import floor
from harness.measuring.campaign import Launch
from harness.measuring.workload import Operation
from impls.contract import NETWORKS


def medians(launches: Iterable[Launch], operation: Operation) -> list[float]:
    """Return the median of each launch that has samples of the operation, in seconds."""
    return [statistics.median(launch.samples[operation]) for launch in launches if operation in launch.samples]


def floor_seconds(launches: Sequence[Launch], operation: Operation, network: str) -> list[float]:
    """Return the least time of a training step of the network in each launch of its floor; [] for other work."""
    if operation.method != "train_step":
        return []
    rates = zip(*(medians(launches, each) for each in floor.OPERATIONS), strict=True)
    return [floor.train_step_seconds(NETWORKS[network], operation.batch_size, *of_launch) for of_launch in rates]


def starting(launches: Sequence[Launch]) -> dict[str, list[float | None]]:
    """Return the seconds of the import, the building and the first step of each launch."""
    return {
        "import": [launch.import_seconds for launch in launches],
        "building": [launch.building_seconds for launch in launches],
        "first step": [launch.first_step_seconds for launch in launches],
    }


def memory(launches: Sequence[Launch]) -> dict[str, list[int | None]]:
    """Return the most bytes held after each stage of each launch."""
    stages = dict.fromkeys(stage for launch in launches for stage in launch.memory)
    return {stage: [launch.memory.get(stage) for launch in launches] for stage in stages}
