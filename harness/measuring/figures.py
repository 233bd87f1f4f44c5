"""What the launches of a campaign say together: medians, spreads between launches, and multiples of the floor."""

import statistics
from collections.abc import Sequence

from harness.measuring import floor
from harness.measuring.campaign import Launch
from harness.measuring.workload import Operation
from impls.contract import NETWORKS


def medians(launches: Sequence[Launch], operation: Operation) -> list[float]:
    """Seconds: the median of each launch that has samples of the operation."""
    return [statistics.median(launch.samples[operation]) for launch in launches if operation in launch.samples]


def seconds(launches: Sequence[Launch], operation: Operation) -> float | None:
    """The median of the launches' medians; None if there are none."""
    found = medians(launches, operation)
    return statistics.median(found) if found else None


def spread(launches: Sequence[Launch], operation: Operation) -> float | None:
    """Standard deviation of the launches' medians, as a part of their mean; None for fewer than two launches."""
    found = medians(launches, operation)
    return statistics.stdev(found) / statistics.mean(found) if len(found) > 1 else None


def ratio(slower: Sequence[Launch], faster: Sequence[Launch], operation: Operation) -> float | None:
    """How many times longer one takes than the other: the median over launches, which drift together. None if none."""
    pairs = zip(medians(slower, operation), medians(faster, operation), strict=False)
    found = [numerator / denominator for numerator, denominator in pairs]
    return statistics.median(found) if found else None


def floor_seconds(launches: Sequence[Launch], operation: Operation, network: str) -> list[float]:
    """The least time of a training step of the network in each launch of its floor; empty for other work."""
    if operation.method != "train_step":
        return []
    rates = zip(*(medians(launches, each) for each in floor.OPERATIONS), strict=True)
    return [floor.train_step_seconds(NETWORKS[network], operation.batch_size, *of_launch) for of_launch in rates]


def times_the_floor(
    launches: Sequence[Launch], floors: Sequence[Launch], operation: Operation, network: str
) -> float | None:
    """A training step over the floor: the median over launches, which drift together. None if not measured."""
    pairs = zip(medians(launches, operation), floor_seconds(floors, operation, network), strict=False)
    found = [step / least for step, least in pairs]
    return statistics.median(found) if found else None


def starting(launches: Sequence[Launch]) -> dict[str, list[float | None]]:
    """Seconds of the import, the building and the first step, of each launch."""
    return {
        "import": [launch.import_seconds for launch in launches],
        "building": [launch.building_seconds for launch in launches],
        "first step": [launch.first_step_seconds for launch in launches],
    }


def memory(launches: Sequence[Launch]) -> dict[str, list[int | None]]:
    """Bytes held at most after each stage, of each launch."""
    stages = dict.fromkeys(stage for launch in launches for stage in launch.memory)
    return {stage: [launch.memory.get(stage) for launch in launches] for stage in stages}
