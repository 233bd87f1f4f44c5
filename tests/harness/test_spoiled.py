"""A version that is slowed on purpose takes as many times as long as it was told to, in its steps and nowhere else."""

import subprocess
from types import SimpleNamespace

import pytest

from harness import ROOT
from harness.regression.spoiled import SLOWER, slower


@pytest.mark.parametrize("method", ["train_step", "predict_step"])
def test_a_step_takes_as_many_times_as_long_until_the_device_is_done(monkeypatch, method):
    machine = SimpleNamespace(now=0.0, pending=0.0)

    class Classifier:
        def synchronize(self):
            machine.now, machine.pending = machine.now + machine.pending, 0.0

        def train_step(self, batch):
            machine.pending += 64.0
            return batch

        predict_step = train_step

    def look():
        machine.now += 1 / 64  # or whoever waits would wait for ever
        return machine.now

    exec(SLOWER.format(times=1.25), {"Classifier": Classifier})
    monkeypatch.setattr("time.perf_counter", look)
    assert getattr(Classifier(), method)(7) == 7
    assert machine.now == pytest.approx(1.25 * 64, abs=0.1)
    assert machine.pending == 0


def test_it_is_the_two_steps_that_are_slowed(tmp_path):
    ask = "import impls.numpy as n; print(*(k for k, v in vars(n.Classifier).items() if hasattr(v, '__wrapped__')))"
    command = [slower(tmp_path, "numpy", 2.0), "-c", ask]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "train_step predict_step\n"
