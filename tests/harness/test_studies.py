"""The studies judge and keep each run, and slow down nothing but the named methods."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from harness import ROOT
from harness.judging.verdict import FEWEST
from harness.regression.pair import Pairs
from harness.regression.pair_run import QUANTITIES
from impls.contract import Settings
from studies import calibrate, count_stability
from studies.agreement import sentence
from studies.injected_slowdown import SLOWED, slower
from tests.fakes import FakeWorker


@pytest.mark.parametrize(
    ("ratios", "conclusion"),
    [([1.004, 1.005, 1.006], "agrees"), ([0.949, 0.950, 0.951], "differs"), ([0.95, 1.0, 1.05], "not shown")],
)
def test_agreement_is_concluded_from_the_interval(ratios, conclusion):
    assert conclusion in sentence([math.log(ratio) for ratio in ratios])


def test_calibration_judges_and_keeps_each_run(tmp_path, monkeypatch):
    """Only the workers are fakes: in the environment that is slowed by 100 % a call takes 2 s, in the other 1 s."""
    start = lambda each: FakeWorker({"numpy 0": 1.0, "numpy 100": 2.0}[Path(each.python).parents[1].name])  # noqa: E731
    monkeypatch.setattr("studies.pairs.starter", lambda *_: start)
    options = ["--runs", "1", "--variants", "numpy", "--cases", "100,0:5", "0:3", f"--keep={tmp_path / 'kept'}"]
    monkeypatch.setattr(sys, "argv", ["calibrate", *options])
    calibrate.main()
    kept = [json.loads(line) for line in (tmp_path / "kept").read_text().splitlines()]
    slowed, beside, equal = ({name: each["word"] for name, each in record["verdicts"].items()} for record in kept)
    assert slowed == dict.fromkeys(SLOWED, "worse")
    assert (beside, equal) == (dict.fromkeys(SLOWED, "same"), dict.fromkeys(QUANTITIES, "same"))
    assert [record["candidates"] for record in kept] == [2, 2, 1]
    assert kept[0]["values"]["predict_step-1"] == [[1.0] * FEWEST, [2.0] * FEWEST]


def test_count_stability_counts_rounds_that_differ(dataset):
    """Only the workers are fakes: the candidate runs one function more."""
    same = {"recorded": {}, "allocated": {}, "in_process": ({}, {})}
    start = lambda each: FakeWorker(called={"numpy": 5 + (each.name == "candidate")}, **same)  # noqa: E731
    pairs = Pairs(Settings(), dataset, start)
    kept = [{"variant": "numpy", **each} for each in count_stability.outcomes(pairs, "numpy", 3)]
    found = {check: cells for _, check, *cells, _ in count_stability.rows(kept)}
    assert found["calls"] == ["1", "1", "2", "2", "2"]
    assert found["loaded"] == ["1", "0", "2", "0", "1"]


def test_slower_changes_three_methods_only(tmp_path):
    methods = "(k for k, v in vars(Adapter).items() if hasattr(v, '__wrapped__'))"
    code = f"from impls.numpy.adapter import Adapter; print(*{methods})"
    found = subprocess.check_output([slower(tmp_path, "numpy", 2.0), "-c", code], cwd=ROOT, text=True)
    assert set(found.split()) == {"fit", "predict_step", "train_step"}
