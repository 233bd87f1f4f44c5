"""Equality: the error of the loss at each step, and every comparison with the reference, shaded by error over limit."""

import math
from collections.abc import Sequence
from itertools import accumulate

from harness.page.axis import shown
from harness.page.chart import Chart, Series
from harness.page.results import Results
from harness.report.runs import finite

LEAST = 1e-17  # lower end of the axis; an error of 0 is drawn there
SHADES = 4  # powers of ten below the limit that are shaded


def trajectory(results: Results, network: str) -> Chart:
    """Return the largest relative error of the loss up to each step, on a logarithmic axis, below the limit."""
    followed = results.followed(network)
    series = [
        Series(each["variant"], _largest(each["trajectory"]), results.colour(each["variant"])) for each in followed
    ]
    lessons = results.of("lesson", network)  # trainings that differ from the reference in one known detail
    series += [Series(each["name"], _largest(each["errors"]), "lesson dashed") for each in lessons]
    limit = followed[0]["limit"]
    highest = max([10 * limit, *(value for each in series for value in each.values)])
    return Chart(
        series,
        "training step",
        "largest relative error of the loss so far",
        LEAST,
        10.0 ** math.ceil(math.log10(highest)),
        logarithmic=True,
        limit=limit,
        limit_name=f"limit {shown(limit)}",
    )


def _largest(errors: Sequence[float | None]) -> list[float]:
    """Return the largest error up to each step: single steps are 0 by chance."""
    return list(accumulate((error or 0.0 for error in errors), max))


def heat(error: float, limit: float) -> float:
    """Return a shade: 0 for an error `SHADES` powers of ten below its limit, 1 at the limit and above it."""
    return min(max(1 + math.log10(error / limit) / SHADES, 0.0), 1.0) if error > 0 else 0.0


def proofs(results: Results, implementation: str) -> list[str]:
    """Return, for each training with this implementation that was followed, its largest error of the loss."""
    lines = []
    for comparison in (comparison for network in results.networks for comparison in results.followed(network)):
        errors = finite(comparison["trajectory"])
        if f"{comparison['variant']}-".startswith(f"{implementation}-") and errors:
            computed = ", computed in float32" if comparison["known_deviation"] else ""
            largest = f"loss of {len(errors)} steps within {shown(max(errors))} of the reference"
            lines.append(f"{comparison['variant']}, {comparison['network']}: {largest}{computed}")
    return lines
