"""Delta debugging: the smallest set of changes that is still bad (ddmin: Zeller and Hildebrandt 2002).

The article is doi:10.1109/32.988498.
"""

from collections.abc import Callable, Sequence


def smallest(changes: Sequence[str], is_bad: Callable[[Sequence[str]], bool]) -> list[str]:
    """Return changes that are bad together, and of which none can be left out. All `changes` together are bad."""
    changes, count = list(changes), 2
    while len(changes) > 1:
        parts = [changes[len(changes) * i // count : len(changes) * (i + 1) // count] for i in range(count)]
        rests = [[each for each in changes if each not in part] for part in parts] if count > 2 else []
        bad = next((subset for subset in (*parts, *rests) if is_bad(subset)), None)
        if bad is None and count == len(changes):
            break
        count = min(2 * count, len(changes)) if bad is None else 2 if bad in parts else count - 1
        changes = changes if bad is None else bad
    return changes
