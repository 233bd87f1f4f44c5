"""benchmatrix: pairs of processes in alternating order, and an interval of their ratio against 5 %.

https://github.com/ryancswallace/benchmatrix
"""

import json

from studies.detectors.question import BENCHMARKS, BETTER, SAME, UNDECIDED, WORSE, Answer, Question, ToolFailed
from studies.detectors.tools.pytest_benchmark import PYTEST, STARTED

WORDS = {"regressed": WORSE, "improved": BETTER, "unchanged": SAME, "inconclusive": UNDECIDED}
FEWEST = 6  # pairs: at least 5, in complete cycles of two orders


def answers(question: Question) -> dict[str, Answer]:
    """Run as many pairs as the time allows; each process measures for a second, pytest-benchmark's default."""
    start = question.start_seconds()
    pairs = int((question.seconds - start) / (2 * (start + STARTED + 1))) // 2 * 2
    command = (*PYTEST, "--benchmark-only", BENCHMARKS / "test_matrix.py")
    collect = (question.tool("benchmatrix"), "collect-paired", "--output", "pairs", "--pairs", max(FEWEST, pairs), "--")
    question.run(*collect, question.baseline, *command, ":::", question.candidate, *command)
    compare = (question.tool("benchmatrix"), "compare", "pairs", "--paired", "--threshold=5%", "--no-config")
    report = json.loads(question.run(*compare, "--format=json"))
    return {"benchmatrix": Answer(word(report), report["comparisons"][0]["ratio"], max(FEWEST, pairs))}


def word(report: dict) -> str:
    """Return the word of a report. Raises `ToolFailed` if nothing was comparable."""
    summary = report["summary"]
    found = [word for verdict, word in WORDS.items() if summary[verdict]]
    if len(found) != 1:
        raise ToolFailed(f"expected one verdict, got {summary}")
    return found[0]
