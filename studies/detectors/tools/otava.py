"""Apache Otava: change points in a series of values, one of each process; by default, or of at least 5 %.

https://otava.apache.org/docs/getting-started
"""

import json
import os
import shutil
import statistics
import time
from datetime import UTC, datetime, timedelta

from studies.detectors.question import BENCHMARKS, BETTER, SAME, WORSE, Answer, Question
from studies.detectors.tools.pytest_benchmark import PYTEST

RULES = {"otava": (), "otava -M 0.05": ("-M", "0.05")}
OTAVA = ("uv", "tool", "run", "--from", "apache-otava==0.8.0", "otava")  # it wants another NumPy
ANALYSIS = 8.0  # seconds of one; each rule would need one


def answers(question: Question) -> dict[str, Answer]:
    """Run processes of the baseline for half of the time, then of the candidate, and search for a change between."""
    shutil.copy(BENCHMARKS / "otava.yaml", question.folder)
    half = (question.seconds - ANALYSIS) / 2
    before, after = (_values(question, python, half) for python in (question.baseline, question.candidate))
    values = before + after
    begin = datetime.now(UTC) - timedelta(minutes=len(values))  # values of the future would be ignored
    rows = [f"{begin + timedelta(minutes=place):%Y-%m-%d %H:%M:%S %z},{value}" for place, value in enumerate(values)]
    (question.folder / "series.csv").write_text("\n".join(["time,microseconds", *rows, ""]), encoding="utf-8")
    command = (*OTAVA, "analyze", "step", "--config-file", "otava.yaml", "--output", "json")
    reports = {rule: question.run(*command, *options, **os.environ) for rule, options in RULES.items()}
    ratio, processes = statistics.mean(after) / statistics.mean(before), min(len(before), len(after))
    return {rule: Answer(word(report, len(before)), ratio, processes) for rule, report in reports.items()}


def _values(question: Question, python: str, seconds: float) -> list[float]:
    """Return the median microseconds of a step in each process, as many as the time allows."""
    values, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        question.run(python, *PYTEST, BENCHMARKS / "test_step.py", "--benchmark-json=run.json")
        run = json.loads((question.folder / "run.json").read_text(encoding="utf-8"))
        values.append(1e6 * run["benchmarks"][0]["stats"]["median"])
    return values


def word(report: str, first: int) -> str:
    """Return the word of a report, which is JSON, for a change at the `first` value of the candidate or next to it."""
    changes = [change for at in json.loads(report)["step"] for change in at["changes"]]
    here = [change for change in changes if abs(change["index"] - first) <= 1]
    slower = [float(change["mean_after"]) > float(change["mean_before"]) for change in here]
    return (WORSE if slower[0] else BETTER) if slower else SAME
