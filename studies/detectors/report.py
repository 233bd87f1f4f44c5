"""The answers of all detectors as a table and a figure: false alarms, and slowdowns that were found."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import scipy

from harness.page.axis import Axis
from harness.page.page import ENVIRONMENT
from studies.detectors.question import BETTER, UNDECIDED, WORSE
from studies.detectors.sides import TRUTHS

FEWEST = 10  # answers of a dot: of fewer, the interval of a share is wider than 60 points
EQUAL, SLOWER = "aa", "10"  # the known answers of the figure
TEMPLATE = Path(__file__).with_name("picture.svg")


def exact_interval(found: int, of: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a share, in [0, 1] (Clopper and Pearson 1934). `of` >= 1."""
    interval = scipy.stats.binomtest(found, of).proportion_ci(0.95, method="exact")
    return float(interval.low), float(interval.high)


def as_markdown(answers: Sequence[dict]) -> str:
    """Return a table of all workloads and, if there are several, one of each.

    The column of equal sides counts false alarms, *worse* or *better*; that of a slowdown counts answers of *worse*.
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
    x, y = Axis(0, 1, 60, 480), Axis(0, 1, 340, 40)
    dots: dict[tuple[float, float], list[str]] = {}
    for (rule, minutes), known in _by_detector(answers).items():
        false, equal = _counted(known, EQUAL)
        found, slower = _counted(known, SLOWER)
        if min(equal, slower) >= FEWEST:
            dots.setdefault((x(false / equal), y(found / slower)), []).append(f"{rule}, {minutes:g} min")
    return ENVIRONMENT.from_string(TEMPLATE.read_text(encoding="utf-8")).render(dots=dots, x=x, y=y)


def _by_detector(answers: Iterable[dict]) -> dict[tuple[str, float], list[tuple[str, str, float]]]:
    """Return detector and minutes -> known answer, word and seconds of each question. A failed tool has the word ""."""
    rules: dict[str, dict[str, None]] = {}
    for answer in answers:
        rules.setdefault(answer["tool"], {}).update(dict.fromkeys(answer["answers"]))
    known: dict[tuple[str, float], list[tuple[str, str, float]]] = {}
    for answer in answers:
        for rule in rules[answer["tool"]] or [answer["tool"]]:
            word = answer["answers"].get(rule, {"word": ""})["word"]
            known.setdefault((rule, answer["minutes"]), []).append((answer["truth"], word, answer["seconds"]))
    return dict(sorted(known.items()))


def _counted(known: Iterable[tuple[str, str, float]], truth: str) -> tuple[int, int]:
    """Return how many answers to this are *worse*, or *better* of equal sides, and of how many."""
    words = [word for each, word, _ in known if each == truth]
    alarms = (WORSE, BETTER) if TRUTHS[truth].is_equal else (WORSE,)
    return sum(word in alarms for word in words), len(words)


def _table(title: str, answers: Sequence[dict]) -> str:
    truths = [truth for truth in TRUTHS if truth in {answer["truth"] for answer in answers}]
    headings = ("detector", "minutes", *truths, "wrong direction", "cannot tell", "failed", "minutes used")
    lines = [f"### {title}", "", f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    for (rule, minutes), known in _by_detector(answers).items():
        words = [word for _, word, _ in known]
        wrong = sum(word == BETTER and not TRUTHS[truth].is_equal for truth, word, _ in known)
        counts = map(str, (wrong, words.count(UNDECIDED), words.count("")))
        used = statistics.median(seconds for _, _, seconds in known) / 60
        cells = [rule, f"{minutes:g}", *(_share(*_counted(known, truth)) for truth in truths), *counts, f"{used:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(found: int, of: int) -> str:
    """Return "2 of 10 (3 to 56 %)", or "" of none."""
    if not of:
        return ""
    low, high = exact_interval(found, of)
    return f"{found} of {of} ({100 * low:.0f} to {100 * high:.0f} %)"
