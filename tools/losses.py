"""Draw the loss with and without the mistake of an exercise: `picture(mistake)`, from the curves of a study."""

import ast
import json
import zlib
from functools import cache
from statistics import fmean

from harness import ROOT
from harness.page.chart import Chart, Series
from harness.page.page import render
from harness.report.runs import finite
from tests.mistakes import Listed

LOSSES = ROOT / "docs" / "site" / "exercise-losses.json"  # by studies.exercise_losses
STEPS_OF_A_POINT = 5  # of a curve in that file; a point is their mean loss
LAST = 20  # points: the caption compares their means
MUCH = 4  # a loss so many times as large needs a logarithmic axis


class LossChart(Chart):
    """A chart that is readable on a phone."""

    width, height, room = 480, 260, 80


@cache
def curves() -> dict[str, dict]:
    """Return the curves by name: of each mistake, and of "FILE NETWORK", without one."""
    return json.loads(LOSSES.read_text(encoding="utf-8"))


def fingerprint(mistake: Listed) -> int:
    """Return a number that changes with the code of the mistake, but not with its comments."""
    return zlib.crc32(ast.unparse(mistake.node).encode())


def curve(mistake: Listed) -> dict:
    """Return the curve of a mistake. Raises `LookupError` if none was measured with its present code."""
    found = curves().get(mistake.name, {})
    if found.get("code") != fingerprint(mistake):
        command = f"python -m studies.exercise_losses {mistake.name}"
        raise LookupError(f"{LOSSES.name}: {mistake.name}: expected a loss with its present code: run {command}")
    return found


def picture(mistake: Listed) -> str:
    """Return Markdown, folded away: a sentence, and a picture if the loss differs. Raises `LookupError` as `curve`."""
    found, right = curve(mistake), curves()[f"{mistake.file} {mistake.network}"]
    lines = ["<details markdown><summary>How does the loss change?</summary>\n", sentence(found, right), ""]
    if found.get("losses"):
        svg = "".join(render("lines.svg", chart=chart(found["losses"], right["losses"])).splitlines())
        lines.append(f'<figure class="loss">{svg}</figure>\n')
    return "\n".join([*lines, "</details>\n"])


def sentence(found: dict, right: dict) -> str:
    """Return what a picture shows, or why there is none."""
    if not found["steps"]:
        return "No step is taken."
    if found.get("same"):
        return f"The loss is the same at each of the {right['steps']} steps."
    without, with_it = (fmean(finite(each["losses"])[-LAST:]) for each in (right, found))
    steps = f" The epoch has {found['steps']} steps." if found["steps"] != right["steps"] else ""
    last = LAST * STEPS_OF_A_POINT
    return f"Mean loss of the last {last} steps: {without:.3f} without the mistake, {with_it:.3f} with it.{steps}"


def chart(found: list[float | None], right: list[float | None]) -> Chart:
    """Return a chart with both curves, from 0 unless one loss is much larger than the other."""
    series = [Series("with", found, "v3"), Series("without", right, "v0 dashed")]
    values, largest = finite([*right, *found]), max(finite(right))
    wide = max(values) > MUCH * largest
    low, high = (0.9 * min(values) if wide else 0), 1.05 * max(values)
    return LossChart(series, "step", "training loss, nats", low, high, logarithmic=wide, every=STEPS_OF_A_POINT)
