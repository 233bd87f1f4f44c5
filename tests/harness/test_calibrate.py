"""The study of error rates counts verdicts correctly, on known records and in a small run with a known answer."""

import json
import sys
from pathlib import Path

import pytest

from harness.judging.verdict import FEWEST
from harness.regression.launch import QUANTITIES, STEPS
from studies import calibrate
from studies.calibrate import table
from studies.spoiled import SLOWED
from tests.fakes import FakeWorker


def record(slowdown=0.0, word="same", medians=1.0, seconds=120.0, **words):
    verdicts = {quantity: {"word": words.get(quantity.split("-")[0], word), "launches": 8} for quantity in QUANTITIES}
    steps = {step: [[1.0] * 8, [medians] * 8] for step in STEPS}
    case = {"variant": "numpy", "slowdown": slowdown, "margin": 5.0, "run": 0, "seconds": seconds}
    return {**case, "verdicts": verdicts, "medians": steps}


def row(*records):
    """Return the cells of the first row: of the one variant."""
    return [next(iter(column.cells)) for column in table(records).columns]


def test_verdicts_are_counted_by_word():
    cells = row(record(), record(**{"import": "better"}), record(first="inconclusive"), record(first="missing"))
    every = 4 * len(QUANTITIES)
    assert cells[3:8] == [str(every), str(every - 5), "0", "1", "4"]


def test_only_slowed_quantities_of_a_slowed_version_count():
    assert row(record(10.0, word="worse", peak="same"))[3:8] == [str(len(SLOWED)), "0", str(len(SLOWED)), "0", "0"]


def test_minutes_are_the_median_of_runs():
    assert row(*(record(seconds=seconds) for seconds in (60.0, 90.0, 600.0)))[9] == "1.5"


def test_medians_alone_fail_beyond_the_margin():
    assert row(record(medians=1.06), record(), record())[10] == "33% / 33% / 0%"
    assert row(record())[10] == "0% / 0% / -"


def test_each_run_is_kept_and_judged(tmp_path, monkeypatch):
    """Only the workers are fakes: in the environment that is slowed by 100 % a call takes 2 s, in the other 1 s."""
    start = lambda each: FakeWorker({"numpy 0": 1.0, "numpy 100": 2.0}[Path(each.python).parents[1].name])  # noqa: E731
    monkeypatch.setattr(calibrate, "starter", lambda *_: start)
    options = ["--runs", "2", "--variants", "numpy", "--cases", "100:5", "0:3", f"--keep={tmp_path / 'kept'}"]
    monkeypatch.setattr(sys, "argv", ["calibrate", *options])
    calibrate.main()
    kept = [json.loads(line) for line in (tmp_path / "kept").read_text().splitlines()]
    assert [(each["run"], each["slowdown"]) for each in kept] == [(0, 100.0), (0, 0.0), (1, 100.0), (1, 0.0)]
    slowed, equal = ({name: each["word"] for name, each in record["verdicts"].items()} for record in kept[:2])
    assert slowed == dict.fromkeys(SLOWED, "worse")
    assert equal == dict.fromkeys(QUANTITIES, "same")
    assert kept[0]["medians"]["predict_step-1"] == [[1.0] * FEWEST, [2.0] * FEWEST]
    assert kept[0]["values"]["import"] == [[1.0] * FEWEST, pytest.approx([2.0] * FEWEST)]
