"""Detectors on trial: answers are counted by what is true, and a trial goes on where it was interrupted."""

import json
import sys
from functools import partial

import pytest

from harness.data import lines
from studies.detectors import __main__ as trial
from studies.detectors import report
from studies.detectors.question import Answer, ToolFailed
from studies.detectors.sides import TRUTHS, Slowdown, Truth
from studies.detectors.tools import TOOLS, asv, benchmatrix, otava, pyperf


def answer(truth, word, **changes):
    return {"tool": "t", "workload": "numpy", "truth": truth, "minutes": 1.0, "seconds": 30.0} | {
        "answers": {"rule": {"word": word, "ratio": 1.1, "processes": 8}},
        "failed": "",
        **changes,
    }


def change(index, before, after):
    return {"step": [{"changes": [{"index": index, "mean_before": str(before), "mean_after": str(after)}]}]}


def test_a_trial_asks_only_what_lacks_an_answer(tmp_path, monkeypatch):
    asked, keep = [], tmp_path / "answers"

    def right(question):
        asked.append(question.seconds)
        return {"rule": Answer("same", 1.0, 8)}

    def broken(question):
        raise ToolFailed("no")

    monkeypatch.setattr(trial, "TOOLS", {"right": right, "broken": broken})
    monkeypatch.setattr(trial, "interpreter", lambda *_: sys.executable)
    for rounds in (1, 2):
        options = ["--tools", "right", "broken", "--truths", "aa", "10", "--answers", str(rounds)]
        monkeypatch.setattr(sys, "argv", ["detectors", f"--keep={keep}", *options])
        trial.main()
        answers = lines.read(keep)
        assert len(answers) == 4 * rounds
    assert asked == [60.0] * 4
    assert {each["failed"] for each in answers if each["tool"] == "broken"} == {"ToolFailed: no"}


def test_table_counts_false_alarms_and_found_slowdowns():
    answers = [answer("aa", word) for word in ("same", "better", "worse", "cannot tell")]
    answers += [answer("10", word) for word in ("worse", "worse", "better", "cannot tell")]
    answers.append(answer("10", "", answers={}, failed="no memory"))
    row = next(line for line in report.as_markdown(answers).splitlines() if line.startswith("| rule"))
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells == ["rule", "1", "2 of 4 (7 to 93 %)", "2 of 5 (5 to 85 %)", "1", "2", "1", "0.5", "7.1 %"]


ASV = "| {} | 4.9±0.1ms | 5.4±0.1ms | {} | steps.time_step |"
BENCHMATRIX = {"improved": 0, "inconclusive": 0, "regressed": 0, "unchanged": 0, "not_comparable": 0}


@pytest.mark.parametrize(
    ("word", "said", "expected"),
    [
        (pyperf.word, "Mean +- std dev: [a] 5 ms -> [b] 5.5 ms: 1.10x slower", "worse"),
        (pyperf.word, "Mean +- std dev: [a] 5.5 ms -> [b] 5 ms: 1.10x faster", "better"),
        (pyperf.word, "Benchmark hidden because not significant (1): step", "same"),
        (asv.found, ASV.format("+", "1.12"), ("worse", 1.12)),
        (asv.found, ASV.format("-", "0.91"), ("better", 0.91)),
        (asv.found, ASV.format(" ", "1.01"), ("same", 1.01)),
        (asv.found, ASV.format(" ", "~1.09"), ("cannot tell", 1.09)),
        (benchmatrix.word, {"summary": BENCHMATRIX | {"regressed": 1}}, "worse"),
        (benchmatrix.word, {"summary": BENCHMATRIX | {"inconclusive": 1}}, "cannot tell"),
        (partial(otava.word, first=2), '{"step": []}', "same"),
        (partial(otava.word, first=2), json.dumps(change(2, 5.0, 5.5)), "worse"),
        (partial(otava.word, first=2), json.dumps(change(3, 5.5, 5.0)), "better"),
        (partial(otava.word, first=2), json.dumps(change(7, 5.0, 5.5)), "same"),
    ],
)
def test_what_a_tool_prints_is_read(word, said, expected):
    assert word(said) == expected


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (pyperf.word, "no comparison"),
        (asv.found, "no table"),
        (benchmatrix.word, {"summary": BENCHMATRIX | {"not_comparable": 1}}),
    ],
)
def test_no_answer_is_a_failure(word, said):
    with pytest.raises(ToolFailed):
        word(said)


def test_figure_has_a_name_for_each_detector():
    both = [answer("aa", "same"), answer("10", "worse")]
    answers = [
        *both * report.FEWEST,
        *(each | {"tool": "u", "answers": {"of one": each["answers"]["rule"]}} for each in both),
    ]
    drawn = report.picture(answers)
    assert "rule, 1 min" in drawn
    assert "of one" not in drawn


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
    minutes = 10.0 if tool == "suite" else 0.5  # it needs eight pairs, and ends when it can tell
    found = trial.asked(trial.Cell(tool, "numpy", "100", minutes), tmp_path)
    assert not found["failed"]
    assert {each["word"] for each in found["answers"].values()} == {"worse"}
    assert all(each["ratio"] > 1 for each in found["answers"].values()), found
