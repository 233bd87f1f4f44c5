"""Binary search for the first bad of some ordered builds. A build may be neither good nor bad, and is gone around."""

import itertools
from collections.abc import Callable, Iterator

GOOD, BAD, UNKNOWN = "good", "bad", "unknown"


def first_bad(last: int, state: Callable[[int, int], str]) -> tuple[int, int]:
    """Return the positions of a good build and of the next one that is bad, of 0 (good) to `last` (bad).

    `state(position, left)` returns "good", "bad" or "unknown"; `left` is the number of probes that are expected after
    this one. All builds between the two returned ones are unknown. If good and bad ones alternate, it is one change of
    several.
    """
    good, bad, unknown = 0, last, set()
    while (position := next((each for each in _nearest_to_middle(good, bad) if each not in unknown), None)) is not None:
        left = (bad - good - 1 - sum(good < each < bad for each in unknown)).bit_length() - 1
        found = state(position, left)
        if found == UNKNOWN:
            unknown.add(position)
        elif found == GOOD:
            good = position
        else:
            bad = position
    return good, bad


def _nearest_to_middle(good: int, bad: int) -> Iterator[int]:
    """Yield all positions between: the middle, those at distances 1, 2, 4, ... from it, then the others by distance.

    Distances double, so a run of n builds that cannot be measured is left after some log2(n) probes.
    """
    middle, between = (good + bad) // 2, range(good + 1, bad)
    powers = (2**power for power in range(len(between).bit_length()))
    for distance in itertools.chain((0,), powers, range(1, len(between))):
        yield from (each for each in (middle - distance, middle + distance) if each in between)
