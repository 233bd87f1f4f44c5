"""Comparison with the reference: the error is recorded, and must be within the tolerance of its dtype."""

import math
from collections.abc import Callable, Mapping, Sequence

from harness.equality.distance import Distance
from harness.equality.limits import EXACT_HYPERPARAMETERS
from impls.contract import Cosine


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
        tolerance = tolerances.get("float32", math.inf) if deviation else tolerances[dtype]
        print(f"{name}, {dtype}: {error}, tolerance {tolerance:.0e}")
        assert error.error <= tolerance, f"{name}, {dtype}: expected an error of at most {tolerance:.0e}, got {error}"

    return assert_within


def expected_rate(schedule: Cosine, step: int) -> float:
    """Return the exact rate of a step, counted from 0: a line up, half a cosine down, and a constant."""
    rate = EXACT_HYPERPARAMETERS["learning_rate"]
    first, last, after = schedule.first * rate, schedule.last * rate, step - schedule.warmup
    if after < 0:
        return first + (rate - first) * step / schedule.warmup
    angle = math.pi * min(after / (schedule.steps - schedule.warmup), 1)
    return last + (rate - last) * math.cos(angle / 2) ** 2
