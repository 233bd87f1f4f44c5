"""A history as a figure: a panel for each quantity, with the releases in order from left to right."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from packaging.version import Version

from harness.equality.limits import ACCURACY_MARGIN
from harness.history.rows import COMPARED, MEASURED, Row, changes, numerics, shown
from harness.history.table import cell
from harness.page.axis import Axis
from harness.page.page import render
from harness.regression.versions import ACCURACY

LEFT, RIGHT, TOP, HEIGHT, GAP = 150, 706, 64, 62, 16  # pixels; of the first panel, of a panel, and between two
SIGNS = {"identical": "=", "within rounding": "≈", "redrawn": "~", "changed": "≠", "missing": "?"}


class Mark(NamedTuple):
    """A verdict in pixels: the change, and the ends of its interval."""

    x: float
    y: float
    low: float
    high: float
    word: str
    title: str


class Panel(NamedTuple):
    """The verdicts on a quantity. `band`: the margin in pixels; `again`: those of the anchor itself."""

    name: str
    axis: Axis
    band: tuple[float, float]
    path: str
    marks: list[Mark]
    again: list[Mark]


def drawn(rows: Sequence[Row]) -> str:
    """Return the figure of all rows of a file as SVG. `rows` is not empty."""
    releases, anchors = shown(rows)
    line = sorted([*releases, *anchors[-1:]], key=lambda row: Version(row["version"]))
    step = (RIGHT - LEFT) / len(line)
    places = {row["version"]: round(LEFT + (place + 0.5) * step, 1) for place, row in enumerate(line)}
    panels = [_panel(quantity, line, anchors, places, TOP + n * (HEIGHT + GAP)) for n, quantity in enumerate(COMPARED)]
    return render(
        "history.svg",
        first=rows[0],
        panels=panels,
        signs=[(places[row["version"]], SIGNS[numerics(row)[0]], _numerics(row)) for row in line],
        changed=[round(places[line[place]["version"]] - step / 2, 1) for place in changes(line)],
        places=places,
        left=LEFT,
        right=RIGHT,
        bottom=TOP + len(panels) * (HEIGHT + GAP),
    )


def _numerics(row: Row) -> str:
    return f"{row['version']}: {' '.join(numerics(row)) if row['state'] == MEASURED else row['reason']}"


def _panel(quantity: str, line: Sequence[Row], anchors: Sequence[Row], places: dict[str, float], top: float) -> Panel:
    scale, one, margin = (100, 0, ACCURACY_MARGIN) if quantity == ACCURACY else (1, 1, line[0]["margin"])
    known = [row["found"][quantity]["change"] or 0 for row in [*line, *anchors] if quantity in row["found"]]
    band = (-margin if quantity == ACCURACY else 1 / (1 + margin) - 1), margin
    ends = min(1.25 * min(known, default=0), 2 * band[0]), max(1.25 * max(known, default=0), 2 * band[1])
    axis = Axis(one + scale * ends[0], one + scale * ends[1], top + HEIGHT, top)

    def mark(row: Row) -> Mark | None:
        verdict = row["found"].get(quantity)
        if not verdict or verdict["change"] is None:
            return None
        low, high = (ends[side] if verdict[key] is None else verdict[key] for side, key in enumerate(("low", "high")))
        y = [axis(one + scale * value) for value in (verdict["change"], low, high)]
        return Mark(places[row["version"]], *y, verdict["word"], f"{row['version']}: {cell(verdict)}")

    marks = [mark(row) for row in line]
    own = [each for each, row in zip(marks, line, strict=True) if each and row["version"] != row["anchor"]]
    pixels = axis(one + scale * band[0]), axis(one + scale * band[1])
    name = f"{quantity}, points" if quantity == ACCURACY else quantity
    return Panel(name, axis, pixels, "".join(_path(marks, line)), own, list(filter(None, map(mark, anchors))))


def _path(marks: Sequence[Mark | None], line: Sequence[Row]) -> Iterator[str]:
    """Yield the lines between neighbours that were measured on the same machine."""
    for (before, after), (row, next_row) in zip(pairwise(marks), pairwise(line), strict=True):
        if before and after and row["machine"] == next_row["machine"]:
            yield f"M{before.x} {before.y}L{after.x} {after.y}"
