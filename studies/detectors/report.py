"""The answers of all detectors as a table and a figure: false alarms, and slowdowns that were found."""

import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import scipy

from harness.page.axis import Axis
from harness.page.page import ENVIRONMENT
from studies.detectors.question import BETTER, UNDECIDED, WORSE
from studies.detectors.sides import TRUTHS

FEWEST = 10  # answers of a dot: of fewer, the interval of a share is wider than 60 points
EQUAL, SLOWER = "aa", "10"  # the known answers of the figure
TEMPLATE = Path(__file__).with_name("picture.svg")


class Reply(NamedTuple):
    """The reply of a rule to one question: known answer, word, ratio, and seconds. A failed tool has "" and None."""

    truth: str
    word: str
    ratio: float | None
    seconds: float


def as_markdown(answers: Sequence[dict]) -> str:
    """Return a table of all workloads and, if there are several, one of each.

    The column of equal sides counts false alarms, *worse* or *better*; that of a slowdown counts answers of *worse*.
    The error of the ratio is the root of its mean square, relative to the true ratio.
    """
    workloads = sorted({answer["workload"] for answer in answers})
    parts = [_table("All workloads", answers)]
    if len(workloads) > 1:
        parts += [_table(each, [answer for answer in answers if answer["workload"] == each]) for each in workloads]
    failed = {f"- {answer['tool']}: {answer['failed']}" for answer in answers if answer["failed"]}
    return "\n\n".join([*parts, *sorted(failed)]) + "\n"


def picture(answers: Sequence[dict]) -> str:
    """Return the figure as SVG: for each detector the share of false alarms, and of slowdowns of 10 % that it found.

    A detector with fewer than `FEWEST` answers to either is left out.
    """
    x, y = Axis(0, 1, 60, 420), Axis(0, 1, 340, 40)
    dots: dict[tuple[float, float], list[str]] = {}
    for (rule, minutes), known in _by_detector(answers).items():
        false, equal = _counted(known, EQUAL)
        found, slower = _counted(known, SLOWER)
        if min(equal, slower) >= FEWEST:
            dots.setdefault((x(false / equal), y(found / slower)), []).append(f"{rule}, {minutes:g} min")
    return ENVIRONMENT.from_string(TEMPLATE.read_text(encoding="utf-8")).render(dots=dots, x=x, y=y)


def _by_detector(answers: Iterable[dict]) -> dict[tuple[str, float], list[Reply]]:
    """Return detector and minutes -> the reply to each question."""
    rules: dict[str, dict[str, None]] = {}
    for answer in answers:
        rules.setdefault(answer["tool"], {}).update(dict.fromkeys(answer["answers"]))
    known: dict[tuple[str, float], list[Reply]] = {}
    for answer in answers:
        for rule in rules[answer["tool"]] or [answer["tool"]]:
            found = answer["answers"].get(rule, {"word": "", "ratio": None})
            reply = Reply(answer["truth"], found["word"], found["ratio"], answer["seconds"])
            known.setdefault((rule, answer["minutes"]), []).append(reply)
    return dict(sorted(known.items()))


def _counted(known: Iterable[Reply], truth: str) -> tuple[int, int]:
    """Return how many answers to this are *worse*, or *better* of equal sides, and of how many."""
    words = [each.word for each in known if each.truth == truth]
    alarms = (WORSE, BETTER) if TRUTHS[truth].ratio == 1 else (WORSE,)
    return sum(word in alarms for word in words), len(words)


def _table(title: str, answers: Sequence[dict]) -> str:
    truths = [truth for truth in TRUTHS if truth in {answer["truth"] for answer in answers}]
    others = ("wrong direction", "cannot tell", "failed", "minutes used", "error of the ratio")
    headings = ("detector", "minutes", *truths, *others)
    lines = [f"### {title}", "", f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    for (rule, minutes), known in _by_detector(answers).items():
        words = [each.word for each in known]
        wrong = sum(each.word == BETTER and TRUTHS[each.truth].ratio > 1 for each in known)
        counts = map(str, (wrong, words.count(UNDECIDED), words.count("")))
        used = statistics.median(each.seconds for each in known) / 60
        errors = [each.ratio / TRUTHS[each.truth].ratio - 1 for each in known if each.ratio]
        error = f"{100 * math.sqrt(statistics.fmean(each**2 for each in errors)):.1f} %" if errors else ""
        shares = (_share(*_counted(known, truth)) for truth in truths)
        cells = [rule, f"{minutes:g}", *shares, *counts, f"{used:.1f}", error]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(found: int, of: int) -> str:
    """Return "2 of 10 (3 to 56 %)", with the exact 95 % interval (Clopper and Pearson 1934); "" of none."""
    if not of:
        return ""
    interval = scipy.stats.binomtest(found, of).proportion_ci(0.95, method="exact")
    return f"{found} of {of} ({100 * interval.low:.0f} to {100 * interval.high:.0f} %)"
