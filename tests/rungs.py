"""The judge of a rung that a chapter adds to the ladder, in float64."""

from collections.abc import Callable

import numpy as np

from harness.equality.distance import Distance
from harness.equality.training import float64_gap
from harness.workers.fleet import Framework


def judge(climber: Framework, chapter: str, record_property: Callable) -> Callable[[str, Distance, dict], None]:
    """Prints and records the error beside its limit. Who has a gap is held to float32's limit, if one is given."""
    gap = climber.run(float64_gap)

    def reaches(rung: str, measured: Distance, limits: dict[str, float]) -> None:
        limit = limits["float64"]
        print(f"{climber.name}, {rung}: {measured}, limit {limit:.0e}", f"; not reached: {gap}" if gap else "")
        recorded = {
            "name": f"{chapter}, {rung}",
            "dtype": "float64",
            "error": measured.error,
            "limit": limit,
            "gap": gap,
        }
        record_property("rung", recorded)
        if gap:
            assert measured.error > limit, (
                f"{climber.name} reaches {rung} in float64 now: no need to say {gap!r} any more"
            )
            limit = limits.get("float32", np.inf)
        assert measured.error <= limit, f"{climber.name} is wrong in {rung}: {measured}, limit {limit:.0e}"

    return reaches
