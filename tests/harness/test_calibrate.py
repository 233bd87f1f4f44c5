"""The study of the verdict counts what it should; a small version of it, in which the answer cannot be missed."""

import json
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console

from harness import ROOT
from harness.regression.calibrate import QUANTITIES, replayed, table
from harness.regression.verdict import LOOKS


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


def test_a_step_that_takes_twice_as_long_is_called_worse_by_the_real_thing(tmp_path, mnist):
    kept = tmp_path / "kept.jsonl"
    options = ("--runs", "1", "--slowdowns", "100", "--threads", "1", "--max-minutes", "10")
    command = [sys.executable, "-m", "harness.regression.calibrate", *options, f"--keep={kept}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [found] = [json.loads(line) for line in kept.read_text().splitlines()]
    for quantity in QUANTITIES:
        verdict = replayed(found, quantity, 0.05)
        assert verdict.word == "worse"
        assert verdict.change == pytest.approx(1.0, abs=0.2)
