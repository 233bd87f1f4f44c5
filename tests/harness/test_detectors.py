"""Detectors on trial: answers are counted by what is true, and a trial goes on where it was interrupted."""

import sys

import pytest

from harness.data import lines
from studies.detectors import __main__ as trial
from studies.detectors import report
from studies.detectors.question import ToolFailed
from studies.detectors.sides import TRUTHS, Slowdown, Truth
from studies.detectors.tools import TOOLS


def answer(truth, word, **changes):
    return {"tool": "t", "workload": "numpy", "truth": truth, "minutes": 1.0, "seconds": 30.0} | {
        "words": {"rule": word},
        "failed": "",
        **changes,
    }


@pytest.fixture
def ask(monkeypatch, tmp_path, capsys):
    """Return a function that runs a trial of two tools, and returns the answers in its file."""

    def ask(*options, tools):
        monkeypatch.setattr(trial, "TOOLS", tools)
        monkeypatch.setattr(trial, "interpreter", lambda *_: sys.executable)
        keep = tmp_path / "answers"
        monkeypatch.setattr(sys, "argv", ["detectors", "--keep", str(keep), *options])
        trial.main()
        return lines.read(keep)

    return ask


def test_a_trial_asks_only_what_lacks_an_answer(ask):
    asked = []

    def right(question):
        asked.append(question.seconds)
        return {"rule": "same"}

    def broken(question):
        raise ToolFailed("no")

    options = ("--tools", "right", "broken", "--truths", "aa", "10", "--answers")
    assert len(ask(*options, "1", tools={"right": right, "broken": broken})) == 4
    answers = ask(*options, "2", tools={"right": right, "broken": broken})
    assert len(answers) == 8
    assert asked == [60.0] * 4
    assert {each["failed"] for each in answers if each["tool"] == "broken"} == {"no"}


def test_table_counts_false_alarms_and_found_slowdowns():
    answers = [answer("aa", word) for word in ("same", "better", "worse", "cannot tell")]
    answers += [answer("10", word) for word in ("worse", "worse", "better", "cannot tell")]
    row = next(line for line in report.as_markdown(answers).splitlines() if line.startswith("| rule"))
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells == ["rule", "1", "2 of 4 (7 to 93 %)", "2 of 4 (7 to 93 %)", "1", "2", "0.5"]


def test_exact_interval_of_no_alarm():
    low, high = report.exact_interval(0, 60)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 60))  # of which 0 of 60 has a chance of 2.5 %


def test_figure_has_a_name_for_each_detector():
    answers = [answer("aa", "same"), answer("10", "worse"), answer("10", "worse", words={"only slower": "worse"})]
    drawn = report.picture(answers)
    assert "rule, 1 min" in drawn
    assert "only slower" not in drawn


PACKAGES = {"pyperf": ["pyperf"], "asv": ["asv", "virtualenv"], "benchmatrix": ["benchmatrix"]}
DOWNLOADED = "otava"  # by uv


@pytest.mark.long
@pytest.mark.parametrize(
    "tool", [*sorted({*TOOLS} - {DOWNLOADED}), pytest.param(DOWNLOADED, marks=pytest.mark.network)]
)
def test_each_tool_finds_a_step_that_takes_twice_as_long(tool, tmp_path, monkeypatch):
    monkeypatch.setitem(TRUTHS, "100", Truth(candidate=Slowdown(1, 1)))
    for package in PACKAGES.get(tool, []):
        pytest.importorskip(package, reason=f"{package} is not installed")
    found = trial.asked(trial.Cell(tool, "numpy", "100", 0.5), tmp_path)
    assert not found["failed"]
    assert set(found["words"].values()) == {"worse"}
