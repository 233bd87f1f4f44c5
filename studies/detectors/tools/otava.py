"""Apache Otava: change points in a series of values, one of each process; by default, or of at least 5 %.

https://otava.apache.org/docs/getting-started
"""

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta

from studies.detectors.question import BENCHMARKS, Question
from studies.detectors.tools.pytest_benchmark import PYTEST
from studies.detectors.words import BETTER, SAME, WORSE

RULES = {"otava": (), "otava -M 0.05": ("-M", "0.05")}
OTAVA = ("uv", "tool", "run", "--from", "apache-otava==0.8.0", "otava")  # it wants another NumPy
ANALYSIS = 8.0  # seconds of one


def answers(question: Question) -> dict[str, str]:
    """Run processes of the baseline for half of the time, then of the candidate, and search change points."""
    (question.folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    shutil.copy(BENCHMARKS / "otava.yaml", question.folder)
    half = (question.seconds - ANALYSIS * len(RULES)) / 2
    values = [value for python in (question.baseline, question.candidate) for value in _values(question, python, half)]
    begin = datetime.now(UTC) - timedelta(minutes=len(values))  # values of the future would be ignored
    rows = [f"{begin + timedelta(minutes=place):%Y-%m-%d %H:%M:%S %z},{value}" for place, value in enumerate(values)]
    (question.folder / "series.csv").write_text("\n".join(["time,seconds", *rows, ""]), encoding="utf-8")
    return {rule: _word(question, options) for rule, options in RULES.items()}


def _values(question: Question, python: str, seconds: float) -> list[float]:
    """Return the median seconds of a step in each process, as many as the time allows."""
    values, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        command = (*PYTEST, BENCHMARKS / "test_step.py", "--benchmark-json=run.json")
        question.run(python, *command)
        run = json.loads((question.folder / "run.json").read_text(encoding="utf-8"))
        values.append(run["benchmarks"][0]["stats"]["median"])
    return values


def _word(question: Question, options: tuple[str, ...]) -> str:
    """Return the word for the largest change, wherever it is: all but that of the version is a false alarm."""
    command = (*OTAVA, "analyze", "step", "--config-file", "otava.yaml", "--output", "json", *options)
    report = json.loads(question.run(*command, **os.environ).splitlines()[-1])
    changes = [float(change["forward_change_percent"]) for at in report["step"] for change in at["changes"]]
    largest = max(changes, key=abs, default=0.0)
    return WORSE if largest > 0 else BETTER if largest < 0 else SAME
