"""The time of each kind of kernel. Kernels overlap on several threads, so a moment is divided evenly among them."""

from collections import Counter
from collections.abc import Iterable, Mapping


def shares(kernels: Iterable[tuple[str, float, float]]) -> dict[str, float]:
    """Return kind -> time of kernels (kind, start, end), in any unit. The sum is the time in which at least one ran."""
    kernels = [each for each in kernels if each[2] > each[1]]
    edges = [(start, 1, kind) for kind, start, _ in kernels] + [(end, -1, kind) for kind, _, end in kernels]
    running: Counter[str] = Counter()
    found: Counter[str] = Counter()
    before = 0.0
    for moment, change, kind in sorted(edges):
        for each in +running:
            found[each] += (moment - before) * running[each] / running.total()
        running[kind] += change
        before = moment
    return dict(found)


def whole(parts: Mapping[str, float], wall: float, rest: str) -> dict[str, float]:
    """Return the parts, and the remainder of `wall` as `rest`. Raises `ValueError` if the parts exceed `wall`."""
    left = wall - sum(parts.values())
    if left < 0:
        raise ValueError(f"kernels took {sum(parts.values()):.3g}, which is more than the {wall:.3g} around them")
    return {**parts, rest: left}
