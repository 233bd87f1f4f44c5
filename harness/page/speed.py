"""Speed, start and memory: one dot for each process run, the roofline as a line."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from harness.page.axis import Axis, from_zero
from harness.page.results import Record, finite, median

STARTING = ("import", "building", "first step")
MEBIBYTE = 2**20


def names(launches: Sequence[Record], key: str) -> list[str]:
    """Return the names of all measurements under `key`, in order."""
    return list(dict.fromkeys(name for each in launches for name in each[key]))


def multiples(launch: Record, operation: str, floors: Sequence[float | None]) -> float | None:
    """Return the time in multiples of the roofline: the median over process runs, whose drift both share."""
    pairs = zip(launch["seconds"].get(operation, []), floors, strict=False)
    return median(seconds / least for seconds, least in pairs if seconds and least)


def axis(launches: Sequence[Record], key: str, name: str, factor: float, line: float | None = None) -> Axis:
    """Return the axis of a strip for all values of a measurement, each times `factor`, and for its line."""
    values = finite(value for each in launches for value in each[key].get(name, []))
    return from_zero([line or 0, *(factor * value for value in values)])


def medians(starting: Mapping[str, Sequence[float | None]]) -> dict[str, float]:
    """Return the median seconds of each part that was measured."""
    known = {part: median(starting.get(part, [])) for part in STARTING}
    return {part: seconds for part, seconds in known.items() if seconds is not None}


def shares(profile: Record) -> dict[str, float]:
    """Return the percentages of a call under the profiler."""
    return {name: 100 * seconds / profile["seconds"] for name, seconds in profile["parts"].items()}


def totals(launch: Record) -> list[float | None]:
    """Return the seconds from the start to the end of the first step, of each process run."""
    parts = [launch["starting"].get(part, []) for part in STARTING]
    return [None if None in each else sum(each) for each in zip(*parts, strict=False)]


def stacked(parts: Mapping[str, float], axis: Axis) -> list[tuple[str, float, float, float]]:
    """Return the parts of a stacked bar: name, value, and the pixels of both ends."""
    ends = pairwise(map(axis, accumulate(parts.values(), initial=0.0)))
    return [(name, value, *low_high) for (name, value), low_high in zip(parts.items(), ends, strict=True)]
