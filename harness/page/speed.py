"""How fast, how it starts, and what it holds: every launch a dot, the floor a line."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from harness.page.axis import Axis
from harness.page.elements import element, table
from harness.page.results import Results, finite, median, of_networks
from harness.page.svg import STRIP, bar, strip

STARTING = ("import", "building", "first step")
MEBIBYTE = 2**20


def latency(results: Results) -> list[Element]:
    parts = []
    for network, launches in of_networks(results, "launches"):
        operations = dict.fromkeys(name for each in launches for name in each["seconds"])
        for operation in operations:
            parts.append(element("h3", f"{network}: {operation}"))
            parts.append(_times(results, launches, operation, results.floor(network, operation)))
    return parts


def multiples(launch: Mapping[str, Any], operation: str, floors: Sequence[float | None]) -> float | None:
    """How many times the floor it takes: the median over launches, which drift together."""
    pairs = zip(launch["seconds"].get(operation, []), floors, strict=False)
    return median([seconds / least for seconds, least in pairs if seconds and least])


def _times(results: Results, launches: Sequence[Mapping[str, Any]], operation: str, floors: Sequence) -> Element:
    floor = median(floors)
    values = [1e3 * value for each in launches for value in finite(each["seconds"].get(operation, []))]
    axis = _from_zero([*values, 1e3 * (floor or 0)])
    headings = ["variant", "ms", "times the floor", f"each launch, 0 to {axis.high:.3g} ms"]
    rows = []
    for each in launches:
        seconds = each["seconds"].get(operation, [])
        middle, times = median(seconds), multiples(each, operation, floors)
        dots = [None if value is None else 1e3 * value for value in seconds]
        drawn = strip(dots, axis, "ms", line=1e3 * floor if floor else None, colour=results.colour(each["variant"]))
        shown = "missing" if middle is None else f"{1e3 * middle:.{0 if middle >= 0.1 else 2}f}"
        rows.append((each["variant"], shown, "" if times is None else f"{times:.1f}", _drawn(drawn)))
    if floor:
        rows.append(("the floor", f"{1e3 * floor:.2f}", "1.0", ""))
    else:
        headings[2] = ""
    return table(headings, rows)


def starting(results: Results) -> list[Element]:
    parts = []
    for network, launches in of_networks(results, "launches"):
        totals = {each["variant"]: _totals(each) for each in launches}
        axis = _from_zero(finite([value for found in totals.values() for value in found]))
        rows = []
        for each in launches:
            medians = [median(each["starting"].get(part, [])) for part in STARTING]
            known = {part: value for part, value in zip(STARTING, medians, strict=True) if value is not None}
            cells = ("missing" if value is None else f"{value:.2f}" for value in medians)
            rows.append((each["variant"], *cells, _drawn(bar(known, axis, "s", totals[each["variant"]]))))
        keys = [element("span", name, class_=f"key p{place}") for place, name in enumerate(STARTING)]
        parts += [element("h3", network), table(("variant, s", *keys, f"0 to {axis.high:.3g} s, a dot a launch"), rows)]
    return parts


def _totals(launches: Mapping[str, Any]) -> list[float | None]:
    parts = [launches["starting"].get(part, []) for part in STARTING]
    return [sum(each) if None not in each else None for each in zip(*parts, strict=False)]


def memory(results: Results) -> list[Element]:
    parts = []
    for network, launches in of_networks(results, "launches"):
        afters = list(dict.fromkeys(after for each in launches for after in each["memory"]))
        if not afters:
            continue
        last = afters[-1]
        found = {each["variant"]: [_mebibytes(value) for value in each["memory"].get(last, [])] for each in launches}
        axis = _from_zero(finite([value for values in found.values() for value in values]))
        rows = []
        for each in launches:
            medians = (_mebibytes(median(each["memory"].get(after, []))) for after in afters)
            cells = ("missing" if value is None else f"{value:,.0f}" for value in medians)
            colour = results.colour(each["variant"])
            rows.append((each["variant"], *cells, _drawn(strip(found[each["variant"]], axis, "MiB", colour=colour))))
        headings = ("variant, MiB", *(f"after {after}" for after in afters), f"after {last}, 0 to {axis.high:,.0f} MiB")
        arithmetic = _arithmetic(results.networks.get(network, {}))
        parts += [element("h3", network), table(headings, rows), *arithmetic]
    return parts


def _arithmetic(network: Mapping[str, Any]) -> list[Element]:
    """What a step must hold, beside which all else is the framework's own."""
    arrays = {name: held / MEBIBYTE for name, held in network.get("step_bytes", {}).items()}
    listed = ", ".join(f"{name} {held:.1f}" for name, held in arrays.items())
    said = f"By arithmetic, a training step of 128 images in float32 holds {sum(arrays.values()):.1f} MiB: {listed}."
    return [element("p", said, class_="note")] if arrays else []


def _mebibytes(held: float | None) -> float | None:
    return None if held is None else held / MEBIBYTE


def _from_zero(values: Sequence[float]) -> Axis:
    return Axis(0, 1.05 * max(values, default=0) or 1, 4, STRIP[0] - 4)


def _drawn(svg: Element) -> Element:
    return element("td", svg, class_="drawn")
