"""What the launches of a campaign say together: medians, spreads between launches, and multiples of the floor."""

import statistics
from collections.abc import Sequence

from harness import floor
from harness.campaign import Launch
from harness.workload import Operation


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


def floor_seconds(launches: Sequence[Launch], operation: Operation) -> float | None:
    """The least time of a training step, from the launches of the floor; None if there are none, or for other work."""
    multiply, stream = (seconds(launches, each) for each in floor.OPERATIONS)
    if operation.method != "train_step" or multiply is None or stream is None:
        return None
    return floor.train_step_seconds(operation.batch_size, multiply, stream)
