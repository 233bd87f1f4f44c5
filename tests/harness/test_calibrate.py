"""The study of the verdict counts what it should; a small version of it, in which the answer cannot be missed."""

import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from harness.judging.verdict import FEWEST
from harness.regression.launch import QUANTITIES, STEPS
from studies import calibrate
from studies.calibrate import table
from studies.spoiled import SLOWED
from tests.fakes import FakeWorker


def record(slowdown=0.0, variant="numpy", word="same", medians=1.0, run=0, seconds=120.0, **words):
    said = {quantity: {"word": words.get(quantity.split("-")[0], word), "launches": 8} for quantity in QUANTITIES}
    return {
        "variant": variant,
        "slowdown": slowdown,
        "margin": 5.0,
        "run": run,
        "seconds": seconds,
        "verdicts": said,
        "medians": {step: [[1.0] * 8, [medians] * 8] for step in STEPS},
    }


def rows(records):
    console = Console(width=200)
    with console.capture() as shown:
        console.print(table(records))
    return [line.split() for line in shown.get().splitlines() if line.strip().startswith(("numpy", "pytorch", "all"))]


def test_words_are_counted_for_each_case_and_what_is_not_decided_is_open():
    found = rows([record(), record(**{"import": "better"}), record(first="inconclusive"), record(first="missing")])
    every = 4 * len(QUANTITIES)
    assert found[0][5:10] == [str(every), str(every - 5), "0", "1", "4"]
    assert found[1] == ["all", *found[0][1:12]]


def test_of_a_slowed_version_only_what_is_slowed_is_counted():
    [row, _] = rows([record(10.0, word="worse", peak="same")])
    assert row[1:10] == ["10", "%", "5", "%", str(len(SLOWED)), "0", str(len(SLOWED)), "0", "0"]


def test_minutes_are_those_of_a_run_in_the_middle():
    assert rows([record(seconds=seconds) for seconds in (60.0, 90.0, 600.0)])[0][11] == "1.5"


def test_medians_alone_fail_where_they_are_beyond_the_margin():
    [found, _] = rows([record(medians=1.06), record(), record()])
    assert "".join(found[-5:]) == "33%/33%/0%"
    assert "".join(rows([record()])[0][-5:]) == "0%/0%/-"


def test_each_run_is_kept_and_judged(tmp_path, monkeypatch, capsys):
    """The real thing, but for the workers: of those in the environment that was slowed by 100 % a call takes double."""

    def start(participant):
        environment = Path(participant.python).parents[1].name
        return FakeWorker({"numpy 0": 1.0, "numpy 100": 2.0}[environment])

    monkeypatch.setattr(calibrate, "starter", lambda *_: start)
    options = ["--runs", "2", "--variants", "numpy", "--cases", "100:5", "0:3", f"--keep={tmp_path / 'kept.jsonl'}"]
    monkeypatch.setattr(sys, "argv", ["calibrate", *options])
    calibrate.main()
    said = capsys.readouterr().out
    kept = [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text().splitlines()]
    assert [(each["run"], each["slowdown"], each["margin"]) for each in kept] == [
        (run, *case) for run in range(2) for case in [(100.0, 5.0), (0.0, 3.0)]
    ]
    assert {verdict["word"] for verdict in kept[0]["verdicts"].values()} == {"worse"}
    assert set(kept[0]["verdicts"]) == set(SLOWED)
    assert {verdict["word"] for verdict in kept[1]["verdicts"].values()} == {"same"}
    assert kept[0]["medians"]["predict_step-1"] == [[1.0] * FEWEST, [2.0] * FEWEST]
    assert kept[0]["values"]["import"] == [[1.0] * FEWEST, pytest.approx([2.0] * FEWEST)]
    assert "numpy slowed by 100 %, margin 5 %, run 2" in said
    assert "first-fit worse +100.0% (+100.0 to +100.0)" in said
