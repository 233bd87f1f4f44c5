"""A line chart over steps or epochs, with the name of each line at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.page.axis import Axis

Point = tuple[float, float]


class Series(NamedTuple):
    """Values at steps 1, 2, ..., or at each `Chart.every` steps: a line with its name, or dots without a line.

    A missing value interrupts the line.
    """

    name: str
    values: Sequence[float | None]
    style: str  # classes of figure.css
    dots: bool = False


@dataclass(frozen=True)
class Chart:
    """A line chart. `low` and `high` are the ends of the vertical axis; the names of the axes have their units."""

    series: Sequence[Series]
    x_name: str
    y_name: str
    low: float
    high: float
    logarithmic: bool = False
    limit: float | None = None  # a horizontal line
    limit_name: str = ""
    every: int = 1  # steps from a value to the next
    width, height, room = 720, 380, 168  # pixels; those of the room are for the names of the lines

    @property
    def x(self) -> Axis:
        """The horizontal axis: steps or epochs, counted from 1."""
        return Axis(0, self.every * max(len(each.values) for each in self.series), 62, self.width - self.room)

    @property
    def y(self) -> Axis:
        """The vertical axis, without the room for labels at the top and the bottom."""
        return Axis(self.low, self.high, self.height - 46, 30, self.logarithmic)

    def points(self, series: Series) -> list[Point | None]:
        """Return the pixels of each value; None where it is missing."""
        x, y = self.x, self.y
        return [
            None if value is None else (x(self.every * step), y(value)) for step, value in enumerate(series.values, 1)
        ]

    def path(self, series: Series) -> str:
        """Return an SVG path through the points, with a gap at each missing one."""
        parts, command = [], "M"
        for point in self.points(series):
            if point:
                parts.append(f"{command}{point[0]:g} {point[1]:g}")
            command = "L" if point else "M"
        return "".join(parts)

    def labels(self) -> list[tuple[Series, Point, float]]:
        """Return each named series with its last point and the height of its name."""
        last = [(each, list(filter(None, self.points(each)))[-1:]) for each in self.series if each.name]
        ends = [(each, end[0]) for each, end in last if end]
        heights = spread([end[1] for _, end in ends], 15, self.y.end + 4, self.y.start)
        return [(each, end, height) for (each, end), height in zip(ends, heights, strict=True)]


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return positions close to the wanted ones, in their order, each at least `apart` from the next."""
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    placed = [0.0] * len(wanted)
    last = low - apart
    for place in order:
        placed[place] = last = max(wanted[place], last + apart)
    last = high + apart
    for place in reversed(order):  # a position beyond the end moves back
        placed[place] = last = round(min(placed[place], last - apart), 1)
    return placed
