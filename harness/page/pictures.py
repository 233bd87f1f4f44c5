"""README's pictures, as files: `python -m harness.page.pictures results.json docs` draws them of a run."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from harness.data import whole
from harness.page.axis import Axis
from harness.page.elements import element, picture
from harness.page.equality import growth
from harness.page.results import Results, Unreadable, finite, median, read
from harness.page.speed import multiples
from harness.page.style import PICTURE
from harness.page.top import TRAIN

NAMES, WIDTH, ROW, BELOW = 140, 720, 26, 44  # pixels: left of the strips, in all, of a row, below the rows
NUMBERS = 130  # and right of the strips


def steps(results: Results, network: str) -> Element:
    """A training step in each variant: a dot a launch, beside the floor."""
    launches = [each for each in results.of("launches", network) if median(each["seconds"].get(TRAIN, [])) is not None]
    floors = results.floor(network, TRAIN)
    floor = median(floors) or 0
    highest = max(finite([floor, *(value for each in launches for value in each["seconds"][TRAIN])]))
    axis = Axis(0, 1e3 * highest * 1.04, NAMES, WIDTH - NUMBERS)
    bottom = ROW * len(launches) + 8
    parts = [_tick(tick, axis, bottom) for tick in axis.ticks()]
    for row, each in enumerate(sorted(launches, key=lambda each: median(each["seconds"][TRAIN]))):
        parts += _row(results, each, floors, axis, 8 + ROW * row + ROW // 2)
    if floor:
        parts.append(element("path", d=f"M{axis(1e3 * floor)} 2V{bottom}", class_="limit"))
        parts.append(element("text", "the floor", x=axis(1e3 * floor) + 5, y=bottom - 4, class_="said"))
    middle = (NAMES + WIDTH - NUMBERS) / 2
    name = f"a training step of 128 images ({network}), ms: a dot a launch"
    parts.append(element("text", name, x=middle, y=bottom + 36, class_="name middle"))
    size = {"viewBox": f"0 0 {WIDTH} {bottom + BELOW}", "width": WIDTH, "height": bottom + BELOW}
    return element("svg", *parts, **size, role="img", aria_label=name)


def _tick(tick: float, axis: Axis, bottom: float) -> Element:
    line = element("path", d=f"M{axis(tick)} 4V{bottom}", class_="grid")
    return element("g", line, element("text", f"{tick:g}", x=axis(tick), y=bottom + 16, class_="tick middle"))


def _row(results: Results, launches: Mapping[str, Any], floors: Sequence[float], axis: Axis, y: float) -> list[Element]:
    seconds, times = finite(launches["seconds"][TRAIN]), multiples(launches, TRAIN, floors)
    colour = results.colour(launches["variant"])
    parts = [element("text", launches["variant"], x=NAMES - 12, y=y + 4, class_=f"label end {colour}")]
    parts += [element("circle", cx=axis(1e3 * each), cy=y, r=4, class_=f"dot {colour}") for each in seconds]
    said = f"{1e3 * median(seconds):.2f} ms" + (f", {times:.1f} floors" if times else "")
    return [*parts, element("text", said, x=WIDTH - NUMBERS + 8, y=y + 4, class_="tick")]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m harness.page.pictures", description=__doc__)
    parser.add_argument("results", type=Path, help="what pytest --results wrote")
    parser.add_argument("folder", type=Path, help="where growth.svg and steps.svg are written")
    options = parser.parse_args()
    try:
        results = read([options.results])
        network = next(iter(results.networks))
        for name, drawn in (("growth", growth(results, network)), ("steps", steps(results, network))):
            whole.write(options.folder / f"{name}.svg", picture(drawn, PICTURE))
    except (Unreadable, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
