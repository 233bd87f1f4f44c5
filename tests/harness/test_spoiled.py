"""A version that is slowed on purpose takes longer by the requested factor, in the named quantities only."""

import itertools
import subprocess
from types import SimpleNamespace

import pytest

from harness import ROOT
from harness.regression.launch import QUANTITIES
from studies.spoiled import SLOWED, SLOWER, SLOWER_IMPORT, slower


@pytest.fixture
def slowed(monkeypatch):
    """An `Adapter` that was slowed to 1.25 of its speed, and the machine whose clocks it runs by.

    A step takes 64 s when it is waited for; an epoch takes 32 s.
    """
    machine = SimpleNamespace(now=0.0, pending=0.0)

    class Adapter:
        def synchronize(self, value):
            machine.now, machine.pending = machine.now + machine.pending, 0.0

        def train_step(self, batch):
            machine.pending += 64.0
            return batch

        predict_step = train_step

        def fit(self, images, labels, epochs, on_epoch=None):
            for epoch in range(1, epochs + 1):
                machine.now += 32.0
                on_epoch(epoch, 0.5)
            return {"loss": [0.5] * epochs}

    def look():
        machine.now += 1 / 64  # or a loop that waits would not end
        return machine.now

    monkeypatch.setattr("time.perf_counter", look)
    monkeypatch.setattr("time.process_time", look)
    monkeypatch.setattr("time.thread_time", look)
    machine.now = 16.0
    exec(SLOWER_IMPORT.format(more=0.25) + SLOWER, {"Adapter": Adapter, "spoiled_since": 0.0})
    return Adapter(), machine


def test_import_takes_longer(slowed):
    _, machine = slowed
    assert machine.now == pytest.approx(1.25 * 16, abs=0.1)


@pytest.mark.parametrize("method", ["train_step", "predict_step"])
def test_step_takes_longer_until_the_device_is_done(slowed, method):
    classifier, machine = slowed
    before = machine.now
    assert getattr(classifier, method)(7) == 7
    assert machine.now - before == pytest.approx(1.25 * 64, abs=0.1)
    assert machine.pending == 0


def test_epoch_takes_longer(slowed):
    classifier, machine = slowed
    laps = [machine.now]
    assert classifier.fit(7, 7, 2, lambda *_: laps.append(machine.now)) == {"loss": [0.5, 0.5]}
    assert [after - before for before, after in itertools.pairwise(laps)] == pytest.approx([40, 40], abs=0.2)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("(k for k, module in sys.modules.items() if hasattr(module, 'burn'))", {"numpy", "impls.numpy.adapter"}),
        ("(k for k, v in vars(Adapter).items() if hasattr(v, '__wrapped__'))", {"fit", "predict_step", "train_step"}),
    ],
    ids=["modules", "methods"],
)
def test_nothing_else_is_slowed(tmp_path, names, expected):
    code = f"import sys; from impls.numpy.adapter import Adapter; print(*{names})"
    found = subprocess.check_output([slower(tmp_path, "numpy", 2.0), "-c", code], cwd=ROOT, text=True)
    assert set(found.split()) == expected


def test_slowed_quantities_are_compared():
    assert set(SLOWED) < set(QUANTITIES)
