"""Comparison with the reference: the error is recorded, and must be within the tolerance of its dtype."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from harness.equality.distance import Distance


def short(errors: Sequence[Distance]) -> list[float]:
    """Return the errors with three digits, for the record."""
    return [float(f"{each.error:.3g}") for each in errors]


def checker(
    request: pytest.FixtureRequest, deviation: str | None, dtype: str = "float64", chapter: str = ""
) -> Callable[..., None]:
    """Return `assert_within(name, error, tolerances, growth=())`; `tolerances` are by dtype, `growth` is by step.

    `deviation`: a known defect of the framework in float64. The test is then expected to fail.
    """
    record = request.getfixturevalue("record")
    if deviation:
        request.applymarker(pytest.mark.xfail(strict=True, reason=deviation, raises=AssertionError))

    def assert_within(
        name: str, error: Distance, tolerances: Mapping[str, float], growth: Sequence[Distance] = ()
    ) -> None:
        name, tolerance = f"{chapter}, {name}" if chapter else name, tolerances[dtype]
        print(f"{name}, {dtype}: {error}, tolerance {tolerance:.0e}")
        values = {"name": name, "dtype": dtype, "error": error.error, "limit": tolerance, "gap": deviation}
        record("error", **values, growth=short(growth))
        assert error.error <= tolerance, f"{name}, {dtype}: expected an error of at most {tolerance:.0e}, got {error}"

    return assert_within
