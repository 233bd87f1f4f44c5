"""Numbers of the launches of a campaign: medians, spreads between launches, and multiples of the floor."""

import statistics
from collections.abc import Iterable, Sequence

from harness.measuring import floor
from harness.measuring.campaign import Launch
from harness.measuring.workload import Operation
from impls.contract import NETWORKS


def medians(launches: Iterable[Launch], operation: Operation) -> list[float]:
    """Return the median of each launch that has samples of the operation, in seconds."""
    return [statistics.median(launch.samples[operation]) for launch in launches if operation in launch.samples]


def seconds(launches: Iterable[Launch], operation: Operation) -> float | None:
    """Return the median of the launches' medians; None if there are none."""
    return _median(medians(launches, operation))


def spread(launches: Iterable[Launch], operation: Operation) -> float | None:
    """Return the standard deviation of the launches' medians, as a part of their mean; None for fewer than two."""
    values = medians(launches, operation)
    return statistics.stdev(values) / statistics.mean(values) if len(values) > 1 else None


def ratio(slower: Iterable[Launch], faster: Iterable[Launch], operation: Operation) -> float | None:
    """Return how many times longer one takes: the median over launches, which drift together. None if none."""
    return _ratio(medians(slower, operation), medians(faster, operation))


def floor_seconds(launches: Sequence[Launch], operation: Operation, network: str) -> list[float]:
    """Return the least time of a training step of the network in each launch of its floor; [] for other work."""
    if operation.method != "train_step":
        return []
    rates = zip(*(medians(launches, each) for each in floor.OPERATIONS), strict=True)
    return [floor.train_step_seconds(NETWORKS[network], operation.batch_size, *of_launch) for of_launch in rates]


def times_the_floor(
    launches: Iterable[Launch], floors: Sequence[Launch], operation: Operation, network: str
) -> float | None:
    """Return a training step over the floor: the median over launches, which drift together. None if none."""
    return _ratio(medians(launches, operation), floor_seconds(floors, operation, network))


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


def _ratio(numerators: Iterable[float], denominators: Iterable[float]) -> float | None:
    return _median([above / below for above, below in zip(numerators, denominators, strict=False)])


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
