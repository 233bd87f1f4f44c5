"""Two versions, beside each other: each verdict as an interval against the margin, worst first; and several runs."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from harness.judging.verdict import UNITS
from harness.page.axis import Axis
from harness.page.elements import element, table
from harness.page.results import Results, finite, is_number
from harness.page.svg import STRIP, strip

WORST_FIRST = ("changed", "worse", "missing", "not comparable", "inconclusive", "redrawn", "better", "within rounding")


def section(results: Results) -> list[Element]:
    parts = []
    for run in results.upgrades:
        parts += [element("h3", title(run)), _verdicts(run)]
        margin = f"{run['max_slowdown']:.1%}"
        parts.append(element("p", f"The band is what does not matter: a change of less than {margin}.", class_="note"))
    return [*parts, *_history(results)]


def _verdicts(run: Mapping[str, Any]) -> Element:
    rows = []
    for variant, claim, found in sorted(_found(run), key=_badness):
        said, drawn = found.get("reason", ""), ""
        if is_number(found.get("change")):
            said = _interval(found)
            drawn = element("td", _strip(found, run["max_slowdown"]), class_="drawn") if found["unit"] == "%" else ""
        rows.append((variant, claim, element("td", found["word"], class_=found["word"].replace(" ", "-")), said, drawn))
    return table(("variant", "question", "verdict", "change (95 % interval)", "each launch"), rows, words=4)


def _found(run: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for variant, about in run["variants"].items():
        for claim, found in about["found"].items():
            yield variant, claim, found


def _badness(row: tuple[str, str, Mapping[str, Any]]) -> tuple[int, float]:
    _, _, found = row
    place = WORST_FIRST.index(found["word"]) if found["word"] in WORST_FIRST else len(WORST_FIRST)
    return place, -abs(found.get("change") or 0)


def _interval(found: Mapping[str, Any]) -> str:
    change, low, high = (_signed(found[name], found["unit"]) for name in ("change", "low", "high"))
    return f"{change}{UNITS[found['unit']][2]} ({low} to {high})"


def _signed(value: float | None, unit: str) -> str:
    factor, digits, _ = UNITS[unit]
    return f"{factor * value:+.{digits}f}" if is_number(value) else "unbounded"


def _strip(found: Mapping[str, Any], margin: float) -> Element:
    """Percent: the change of each launch, and the interval of their mean, beside the margin."""
    pairs = zip(found.get("candidate") or [], found.get("baseline") or [], strict=False)
    changes = [100 * (after / before - 1) if after and before else None for after, before in pairs]
    ends = [100 * found[name] if is_number(found[name]) else 100 * found["change"] for name in ("low", "high")]
    widest = max(map(abs, (*finite(changes), *ends, 200 * margin)))
    axis = Axis(-widest, widest, 4, STRIP[0] - 4)
    band = (100 * (1 / (1 + margin) - 1), 100 * margin)
    return strip(changes, axis, "%", line=0, band=band, interval=tuple(ends))


def _history(results: Results) -> list[Element]:
    """Of several runs, a column each: what was asked for, and what was found."""
    if len(results.upgrades) < 2:
        return []
    found: dict[tuple[str, str], dict[int, str]] = {}
    for number, run in enumerate(results.upgrades):
        for variant, claim, verdict in _found(run):
            change = _interval(verdict) if is_number(verdict.get("change")) else ""
            found.setdefault((variant, claim), {})[number] = f"{verdict['word']} {change}".strip()
    headings = ("variant", "question", *map(title, results.upgrades))
    rows = [
        (variant, claim, *(of_runs.get(number, "missing") for number in range(len(results.upgrades))))
        for (variant, claim), of_runs in found.items()
    ]
    return [element("h3", "From run to run"), table(headings, rows, words=len(headings))]


def title(run: Mapping[str, Any]) -> str:
    return " → ".join(side["wanted"] for side in run["sides"].values())
