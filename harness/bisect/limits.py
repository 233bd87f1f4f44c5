"""Limits of the verdicts of a search by time or memory, of which none is wrong with a chance of 1 - alpha.

The bad end is compared with the good end by the margin of the request. Every other build is compared with the good end
by the geometric mean of both ends, so it is as far from the limit as the ends are, if one build made the change.

Each verdict spends a share of alpha (Bonferroni). Those of a plain binary search share 4/5 of it equally. Further ones,
around builds that cannot be measured and of smaller sets of packages, share the rest: a half, a sixth, a twelfth, ...
"""

import math
from dataclasses import replace

from harness.judging.sequential import Sampling

PLANNED = 0.8  # of alpha


def planned(builds: int) -> int:
    """Return the number of verdicts of a binary search over `builds` builds, the ends included."""
    return 1 + max(0, builds - 2).bit_length()


def share(number: int, builds: int) -> float:
    """Return the share of alpha of verdict `number`, from 1, in (0, 1). All shares add up to 1."""
    further = number - planned(builds)
    return PLANNED / planned(builds) if further <= 0 else (1 - PLANNED) / (further * (further + 1))


def half_way(change: float) -> float:
    """Return the margin between the good end and the bad end: their ratio is 1 + change."""
    return math.expm1(abs(math.log1p(change)) / 2)


def limits(sampling: Sampling, number: int, builds: int, change: float | None) -> Sampling:
    """Return the limits of verdict `number`. `change` is that of the bad end, None as long as it is unknown."""
    margin = sampling.margin if change is None else half_way(change)
    return replace(sampling, margin=margin, alpha=sampling.alpha * share(number, builds))
