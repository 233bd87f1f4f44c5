"""Comparison with the reference: the error is recorded, and must be within the tolerance of its dtype."""

from collections.abc import Callable, Mapping, Sequence
from math import inf

from harness.equality.distance import Distance


def short(errors: Sequence[Distance]) -> list[float]:
    """Return the errors with three digits, for the record."""
    return [float(f"{each.error:.3g}") for each in errors]


def checker(
    record: Callable[..., None], deviation: str | None, dtype: str = "float64", chapter: str = ""
) -> Callable[..., None]:
    """Return `assert_within(name, error, tolerances, trajectory=())`; `tolerances` by dtype, `trajectory` by step.

    `deviation`: a known defect, by which the framework computes in float32. Then float32's tolerance holds, if any.
    """

    def assert_within(
        name: str, error: Distance, tolerances: Mapping[str, float], trajectory: Sequence[Distance] = ()
    ) -> None:
        name = f"{chapter}, {name}" if chapter else name
        values = {
            "name": name,
            "dtype": dtype,
            "error": error.error,
            "limit": tolerances[dtype],
            "known_deviation": deviation,
        }
        record("error", **values, trajectory=short(trajectory))
        tolerance = tolerances.get("float32", inf) if deviation else tolerances[dtype]
        print(f"{name}, {dtype}: {error}, tolerance {tolerance:.0e}")
        assert error.error <= tolerance, f"{name}, {dtype}: expected an error of at most {tolerance:.0e}, got {error}"

    return assert_within
