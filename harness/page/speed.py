"""Speed, start and memory: one dot for each process run, the roofline as a line."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise

from harness.page.axis import Axis, from_zero
from harness.page.results import Record
from harness.report.runs import finite, median

STARTING = ("import", "building", "first step")


def axis(values: Iterable[float | None], line: float | None = None) -> Axis:
    """Return the axis of a strip for these values and for its line."""
    return from_zero([line or 0, *finite(values)])


def medians(starting: Mapping[str, Sequence[float | None]]) -> dict[str, float]:
    """Return the median seconds of each part that was measured."""
    known = {part: median(starting.get(part, [])) for part in STARTING}
    return {part: seconds for part, seconds in known.items() if seconds is not None}


def shares(profile: Record) -> dict[str, float]:
    """Return the percentages of a call under the profiler."""
    return {name: 100 * seconds / profile["seconds"] for name, seconds in profile["parts"].items()}


def totals(process: Record) -> list[float | None]:
    """Return the seconds from the start to the end of the first step, of each process run."""
    parts = [process["starting"].get(part, []) for part in STARTING]
    return [None if None in each else sum(each) for each in zip(*parts, strict=False)]


def stacked(parts: Mapping[str, float], axis: Axis) -> list[tuple[str, float, float, float]]:
    """Return the parts of a stacked bar: name, value, and the pixels of both ends."""
    ends = pairwise(map(axis, accumulate(parts.values(), initial=0.0)))
    return [(name, value, *low_high) for (name, value), low_high in zip(parts.items(), ends, strict=True)]
