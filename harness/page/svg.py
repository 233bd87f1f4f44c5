"""The pictures of the page, as SVG: a strip of dots or a bar for a cell of a table, and lines over two axes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from harness.page.axis import Axis, shown
from harness.page.elements import element
from harness.page.results import is_number

STRIP = (220, 22)  # pixels, width and height
LINES = (720, 380)
LEFT, RIGHT, TOP, BOTTOM = 62, 168, 30, 46  # around the lines: numbers, names at their ends, names of the axes
LETTERS = 15  # pixels from one name to the next


class Series(NamedTuple):
    """A line with its name, or, if `joined` is false, its dots alone. What is not finite interrupts it."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: str  # a class of picture.css
    dashed: bool = False
    dots: bool = False
    joined: bool = True


def strip(
    values: Sequence[float | None],
    axis: Axis,
    unit: str,
    line: float | None = None,
    band: tuple[float, float] | None = None,
    interval: tuple[float, float] | None = None,
    colour: str = "ink",
) -> Element:
    """A dot for each value, "launch 2: 1.81 ms", in the order of the launches; with a line, a band, an interval."""
    height = STRIP[1]
    middle = height / 2
    parts = [element("path", d=f"M{axis.start} {middle}H{axis.end}", class_="grid")]
    if band:
        low, high = (axis(each) for each in band)
        parts.append(element("rect", x=low, y=2, width=round(high - low, 1), height=height - 4, class_="band"))
    if line is not None:
        parts.append(element("path", d=f"M{axis(line)} 1V{height - 1}", class_="limit"))
    if interval:
        low, high = (axis(each) for each in interval)
        parts.append(element("path", d=f"M{low} {middle}H{high}", class_=f"interval {colour}"))
    for number, value in enumerate(values, 1):
        if is_number(value):
            parts.append(_dot(number, value, axis, unit, colour))
    return _cell(parts, ", ".join(f"{value:.3g}" for value in values if is_number(value)) + f" {unit}")


def bar(parts: Mapping[str, float], axis: Axis, unit: str, dots: Sequence[float | None] = ()) -> Element:
    """What adds up, end to end, each in a colour of its own; and a dot for what a launch takes in all."""
    drawn, done = [], 0.0
    for number, (name, value) in enumerate(parts.items()):
        low, high = axis(done), axis(done + value)
        said = element("title", f"{name}: {value:.3g} {unit}")
        size = {"x": low, "y": 3, "width": round(high - low, 1), "height": STRIP[1] - 6}
        drawn.append(element("rect", said, **size, class_=f"part p{number % 8}"))
        done += value
    drawn += [_dot(number, value, axis, unit, "ink") for number, value in enumerate(dots, 1) if is_number(value)]
    return _cell(drawn, ", ".join(f"{name} {value:.3g} {unit}" for name, value in parts.items()))


def _dot(number: int, value: float, axis: Axis, unit: str, colour: str) -> Element:
    said = element("title", f"launch {number}: {value:.3g} {unit}")
    return element("circle", said, cx=axis(value), cy=STRIP[1] / 2, r=3, class_=f"dot {colour}")


def _cell(parts: Sequence[Element], label: str) -> Element:
    width, height = STRIP
    size = {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
    return element("svg", *parts, **size, role="img", aria_label=label)


def lines(
    series: Sequence[Series], x: Axis, y: Axis, names: tuple[str, str], limits: Sequence[tuple[float, str]] = ()
) -> Element:
    """Series over two axes, made by `axes`, with the name of each at its end; `names` are those of the axes.

    `limits`: horizontal lines, each with what it says.
    """
    parts = [*_grid(x, y, names)]
    for value, said in limits:
        parts.append(element("path", d=f"M{x.start} {y(value)}H{x.end}", class_="limit"))
        parts.append(element("text", said, x=x.end - 6, y=y(value) + 15, class_="said end"))
    ends = []
    for each in series:
        points = [(x(a), y(b)) if is_number(b) else None for a, b in zip(each.x, each.y, strict=True)]
        if each.joined:
            look = f"line {each.colour}{' dashed' if each.dashed else ''}"
            parts.append(element("path", d=_path(points), class_=look))
        if each.dots:
            parts += [element("circle", cx=a, cy=b, r=3, class_=f"dot {each.colour}") for a, b in filter(None, points)]
        known = [point for point in points if point]
        if each.name and known:
            ends.append((known[-1][1], known[-1][0], each))
    parts += _named(ends, x.end, y)
    size = {"viewBox": f"0 0 {LINES[0]} {LINES[1]}", "class_": "lines"}
    return element("svg", *parts, **size, role="img", aria_label=f"{names[1]} over {names[0]}")


def axes(x: tuple[float, float], y: tuple[float, float], logarithmic: bool = False) -> tuple[Axis, Axis]:
    """The axes of `lines`, from the lowest to the highest number of each; y may be logarithmic."""
    width, height = LINES
    return Axis(*x, LEFT, width - RIGHT), Axis(*y, height - BOTTOM, TOP, logarithmic)


def _grid(x: Axis, y: Axis, names: tuple[str, str]) -> list[Element]:
    parts = []
    for tick in y.ticks():
        parts.append(element("path", d=f"M{x.start} {y(tick)}H{x.end}", class_="grid"))
        parts.append(element("text", shown(tick), x=x.start - 8, y=y(tick) + 4, class_="tick end"))
    for tick in x.ticks(8, least=1):
        parts.append(element("text", shown(tick), x=x(tick), y=y.start + 18, class_="tick middle"))
    parts.append(element("path", d=f"M{x.start} {y.start}H{x.end}", class_="axis"))
    parts.append(element("text", names[0], x=round((x.start + x.end) / 2, 1), y=y.start + 38, class_="name middle"))
    parts.append(element("text", names[1], x=4, y=11, class_="name"))
    return parts


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Lines from point to point, and a gap where there is none."""
    drawn, down = [], False
    for point in points:
        if point:
            drawn.append(f"{'L' if down else 'M'}{point[0]:g} {point[1]:g}")
        down = point is not None
    return "".join(drawn)


def _named(ends: list[tuple[float, float, Series]], right: float, y: Axis) -> list[Element]:
    """The names beside the ends of their lines, moved apart where they would lie on each other."""
    parts, places = [], spread([height for height, _, _ in ends], LETTERS, y.end + 4, y.start)
    for (height, end, each), place in zip(ends, places, strict=True):
        lead = f"M{end + 4:g} {height:g}L{right + 12:g} {place:g}"
        parts.append(element("path", d=lead, class_=f"lead {each.colour}"))
        parts.append(element("text", each.name, x=right + 16, y=place + 4, class_=f"label {each.colour}"))
    return parts


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places as near to the wanted ones as they come when each is `apart` from the next, in their order."""
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    placed = [0.0] * len(wanted)
    last = low - apart
    for place in order:
        placed[place] = last = max(wanted[place], last + apart)
    last = high + apart
    for place in reversed(order):  # those that were pushed out at the end come back
        placed[place] = last = round(min(placed[place], last - apart), 1)
    return placed
