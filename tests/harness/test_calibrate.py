"""The study of the verdict counts what it should; a small version of it, in which the answer cannot be missed."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from harness.regression import calibrate
from harness.regression.calibrate import QUANTITIES, replayed, table
from harness.regression.verdict import LOOKS
from tests.fakes import FakeWorker


def record(slowdown, spread, medians=1.0, launches=20, run=0):
    random = np.random.default_rng(run)
    values = [list(np.exp(spread * random.standard_normal(launches))) for _ in range(2)]
    values[1] = [(1 + slowdown / 100) * value for value in values[1]]
    return {
        "variant": "numpy",
        "threads": 1,
        "slowdown": slowdown,
        "margin": 0.03,
        "run": run,
        "seconds": 120.0,
        "values": dict.fromkeys(QUANTITIES, values),
        "medians": {quantity: [[1.0] * launches, [medians] * launches] for quantity in QUANTITIES},
    }


def rows(records):
    console = Console(width=200)
    with console.capture() as shown:
        console.print(table(records))
    return [line.split() for line in shown.get().splitlines() if line.strip().startswith("numpy")]


def test_a_record_is_judged_as_its_run_would_have_been():
    found = replayed(record(10, 0.001), QUANTITIES[0], 0.05)
    assert (found.word, found.launches) == ("worse", LOOKS[0])
    assert replayed(record(10, 0.5), QUANTITIES[0], 0.05).launches == 20


def test_words_are_counted_for_each_slowdown_and_margin():
    found = rows([record(0, 0.001), record(0, 0.001, run=1), record(4, 0.001, medians=1.04)])
    assert [row[2:10] for row in found] == [
        ["0", "%", "2%", "4", "4", "0", "0", "0"],
        ["0", "%", "3%", "4", "4", "0", "0", "0"],
        ["0", "%", "5%", "4", "4", "0", "0", "0"],
        ["4", "%", "3%", "2", "0", "2", "0", "0"],
    ]


def test_medians_alone_fail_where_they_are_beyond_the_margin():
    found = rows([record(0, 0.001, medians=1.04), record(0, 0.001), record(0, 0.001)])
    assert ["".join(row[-5:]) for row in found] == ["33%/33%/0%", "33%/33%/0%", "0%/0%/0%"]
    assert "".join(rows([record(0, 0.001)])[0][-5:]) == "0%/0%/-"


def test_each_run_is_kept_and_judged(tmp_path, monkeypatch, capsys):
    """The real thing, but for the workers: of those in the environment that was slowed by 100 % a call takes double."""

    def start(participant):
        environment = Path(participant.python).parents[1].name
        return FakeWorker({"baseline 0": 1.0, "candidate 100": 2.0, "candidate 0": 1.0}[environment])

    monkeypatch.setattr(calibrate, "starter", lambda *_: start)
    options = ["--runs", "2", "--slowdowns", "100", "0", "--threads", "1", f"--keep={tmp_path / 'kept.jsonl'}"]
    monkeypatch.setattr(sys, "argv", ["calibrate", *options])
    calibrate.main()
    said = capsys.readouterr().out
    kept = [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text().splitlines()]
    assert [(each["run"], each["slowdown"], each["threads"]) for each in kept] == [
        (run, slowdown, 1) for run in range(2) for slowdown in (100, 0)
    ]
    for quantity in QUANTITIES:
        slower, same, *_ = (replayed(record, quantity, 0.05) for record in kept)
        assert (slower.word, slower.change, same.word) == ("worse", pytest.approx(1.0), "same")
        assert kept[0]["medians"][quantity] == [[1.0] * slower.launches, [2.0] * slower.launches]
    assert "numpy slowed by 100 %, run 2, margin 3%: train_step-128 worse +100.0% (+100.0 to +100.0)" in said
