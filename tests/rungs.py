"""The judge of a rung: of the ladder, and of what each chapter adds to it."""

from collections.abc import Callable, Sequence
from math import inf

from harness.equality.distance import Distance


def short(errors: Sequence[Distance]) -> list[float]:
    """For the records: three digits of each."""
    return [float(f"{each.error:.3g}") for each in errors]


def judge(name: str, gap: str | None, record: Callable, dtype: str = "float64", chapter: str = "") -> Callable:
    """Prints and records the error beside its limit, and says who is wrong, where, and by how much.

    `limits`: of each dtype. A variant with a gap must miss float64's, or what it says of itself is out of date; it is
    held to float32's, where there is one, with `held`, if given, in place of the whole. `growth`: errors by step.
    """

    def reaches(
        rung: str,
        measured: Distance,
        limits: dict[str, float],
        held: Distance | None = None,
        growth: Sequence[Distance] = (),
    ) -> None:
        rung, limit = f"{chapter}, {rung}" if chapter else rung, limits[dtype]
        print(f"{name}, {dtype}, {rung}: {measured}, limit {limit:.0e}", f"; not reached: {gap}" if gap else "")
        found = {"name": rung, "dtype": dtype, "error": measured.error, "limit": limit, "gap": gap}
        record("error", **found, growth=short(growth))
        if gap:
            assert measured.error > limit, f"{name} reaches {rung} in float64 now: no need to say {gap!r} any more"
            limit, measured = limits.get("float32", inf), held or measured
        assert measured.error <= limit, f"{name} is wrong in {rung}, {dtype}: {measured}, limit {limit:.0e}"

    return reaches
