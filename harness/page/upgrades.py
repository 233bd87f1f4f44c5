"""Verdicts on upgrades: each as an interval against the margin, worst first, and the history of several runs."""

from collections.abc import Iterator, Sequence
from typing import Any

from harness.judging.verdict import UNITS
from harness.page.axis import Axis
from harness.page.results import Record
from harness.report.runs import finite

WORST_FIRST = ("changed", "worse", "missing", "not comparable", "inconclusive", "redrawn", "better", "within rounding")


def title(run: Record) -> str:
    """Return the two versions that a run compares."""
    return " → ".join(side["wanted"] for side in run["sides"].values())


def verdicts(run: Record) -> list[tuple[str, str, Record]]:
    """Return variant, quantity and verdict, the worst first and the largest change first among equals."""
    return sorted(_all(run), key=_badness)


def _all(run: Record) -> Iterator[tuple[str, str, Record]]:
    for variant, about in run["variants"].items():
        for quantity, verdict in about["found"].items():
            yield variant, quantity, verdict


def _badness(row: tuple[str, str, Record]) -> tuple[int, float]:
    verdict = row[2]
    place = WORST_FIRST.index(verdict["word"]) if verdict["word"] in WORST_FIRST else len(WORST_FIRST)
    return place, -abs(verdict.get("change") or 0)


def interval(verdict: Record) -> str:
    """Return the change with its 95 % interval; empty without a change."""
    if verdict.get("change") is None:
        return ""
    change, low, high = (_signed(verdict[name], verdict["unit"]) for name in ("change", "low", "high"))
    return f"{change}{UNITS[verdict['unit']][2]} ({low} to {high})"


def _signed(value: float | None, unit: str) -> str:
    factor, digits, _ = UNITS[unit]
    return "unbounded" if value is None else f"{factor * value:+.{digits}f}"


def strip(verdict: Record, margin: float) -> dict[str, Any]:
    """Return the arguments of the macro `strip`: the change of each pair of process runs, in percent.

    `margin` is the tolerated slowdown. The result is empty for a verdict in another unit, or without a change.
    """
    if verdict.get("change") is None or verdict["unit"] != "%":
        return {}
    pairs = zip(verdict.get("candidate") or [], verdict.get("baseline") or [], strict=False)
    changes = [100 * (after / before - 1) if after and before else None for after, before in pairs]
    ends = [100 * (verdict["change"] if verdict[name] is None else verdict[name]) for name in ("low", "high")]
    widest = max(map(abs, (*finite(changes), *ends, 200 * margin)))
    band = (100 / (1 + margin) - 100, 100 * margin)
    return {"values": changes, "axis": Axis(-widest, widest, 4, 216), "band": band, "interval": ends}


def history(runs: Sequence[Record]) -> dict[tuple[str, str], list[str]]:
    """Return, for each variant and quantity, its verdict in each run."""
    found: dict[tuple[str, str], list[str]] = {}
    for number, run in enumerate(runs):
        for variant, quantity, verdict in _all(run):
            row = found.setdefault((variant, quantity), ["missing"] * len(runs))
            row[number] = f"{verdict['word']} {interval(verdict)}".strip()
    return found
