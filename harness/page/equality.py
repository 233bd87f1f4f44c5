"""Do all compute the same? Each step of an epoch beside the referee, and the ladder, shaded by error over limit."""

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any
from xml.etree.ElementTree import Element

from harness.page.elements import element, figure, table
from harness.page.results import Results, finite, is_number, of_networks
from harness.page.svg import Series, axes, lines

LEAST = 1e-17  # where the axis begins: an error of 0 is drawn there
SHADES = 4  # powers of ten below the limit that are shaded: nearer is darker


def section(results: Results) -> list[Element]:
    parts = []
    for network, rungs in of_networks(results, "rungs"):
        parts.append(element("h3", network))
        if results.followed(network):
            lessons = [lesson for lesson in results.lessons if lesson["network"] == network]
            caption = (
                f"How far the loss of {network} has been from the referee's until each step of training, from equal "
                "parameters with equal batches, in float64. Dashed: what parts two trainings that mean the same."
            )
            parts.append(figure(growth(results, network), caption if lessons else caption.partition(" Dashed")[0]))
        parts.append(_ladder(results, rungs))
        gaps = {rung["variant"]: rung["gap"] for rung in rungs if rung["gap"]}
        parts += [element("p", f"* not reached by {variant}: {gap}", class_="note") for variant, gap in gaps.items()]
    return parts


def growth(results: Results, network: str) -> Element:
    """Relative error of the loss over the steps, on a logarithmic axis, below the limit."""
    followed = results.followed(network)
    lessons = [lesson for lesson in results.lessons if lesson["network"] == network]
    series = [_line(rung["variant"], rung["growth"], results.colour(rung["variant"])) for rung in followed]
    series += [_line(lesson["name"], lesson["errors"], "lesson")._replace(dashed=True) for lesson in lessons]
    steps = max(len(each.y) for each in series)
    highest = max(finite([value for each in series for value in each.y]), default=1e-12)
    limit = followed[0]["limit"]
    x, y = axes((0, steps), (LEAST, 10.0 ** math.ceil(math.log10(max(highest, 10 * limit)))), logarithmic=True)
    names = ("training step", "largest relative error of the loss so far")
    return lines(series, x, y, names, [(limit, f"limit {limit:.0e}")])


def _line(name: str, errors: Sequence[float | None], colour: str) -> Series:
    """The largest error up to each step: an error of 0 now and then says nothing."""
    known = (error if is_number(error) else 0.0 for error in errors)
    return Series(name, range(1, len(errors) + 1), list(accumulate(known, max)), colour)


def _ladder(results: Results, rungs: Sequence[Mapping[str, Any]]) -> Element:
    variants = sorted({rung["variant"] for rung in rungs}, key=results.place)
    rows: dict[tuple[str, str, float], dict[str, Mapping[str, Any]]] = {}
    for rung in rungs:
        rows.setdefault((rung["dtype"], rung["name"], rung["limit"]), {})[rung["variant"]] = rung
    body = []
    for (dtype, name, limit), found in sorted(rows.items(), key=lambda row: row[0][0]):
        cells = [_shaded(found.get(variant)) for variant in variants]
        body.append((name, dtype, f"{limit:.0e}", *cells))
    return table(("rung", "dtype", "limit", *variants), body, words=2)


def _shaded(rung: Mapping[str, Any] | None) -> Element:
    if rung is None or rung["error"] is None:
        return element("td", "missing", class_="number")
    star = " *" if rung["gap"] else ""
    return element("td", f"{rung['error']:.0e}{star}", class_=f"number heat{heat(rung['error'], rung['limit'])}")


def heat(error: float, limit: float) -> int:
    """0 for an error `SHADES` powers of ten below its limit, to 8 at the limit and above it."""
    if not error > 0:
        return 0
    return round(8 * min(max(1 + math.log10(error / limit) / SHADES, 0), 1))
