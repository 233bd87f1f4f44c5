"""Files of two runtimes are compared by all logits, and by the time and the memory of a prediction."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.edge import export_tasks
from harness.edge.fidelity import fidelity
from harness.judging.sequential import Sampling
from harness.regression.pair import SIDES, Pairs
from harness.regression.pair_run import OF_ONE_IMAGE
from harness.regression.upgrade import Upgrade
from harness.regression.versions import Side
from harness.workers.worker import WorkerDied
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.fakes import FakeWorker

FILE = "onnx-int8"
EXPECTED = np.array([[0.0, 1.0, 0.5], [2.0, 1.5, 0.0]], np.float32)
LABELS = np.array([1, 1])


@pytest.mark.parametrize(
    ("added", "result"),
    [
        ([[0, 0, 0], [0, 0, 0]], (0.5, 0, 0.0, 0)),
        ([[0, -1.0, 0], [0, 0, 0.5]], (0.0, 2, 2.0, 1)),
        ([[np.nan, 0, 0], [0, 0, 0]], (0.0, 1, np.inf, 1)),
    ],
    ids=["equal", "two differ", "NaN"],
)
def test_each_different_logit_counts_and_the_largest_in_steps(added, result):
    assert fidelity(EXPECTED + np.array(added, np.float32), EXPECTED, LABELS, step=0.5) == result


@pytest.fixture
def find(dataset):
    """Return a function: what two versions of a runtime differ in. `start` gives workers, by their sides."""

    def find(**start):
        pairs = Pairs(Settings(), dataset, lambda target: start[target.name](), {FILE: (export_tasks.loaded,)})
        upgrade = Upgrade([Side(name, name) for name in SIDES], {FILE: ["logits", *OF_ONE_IMAGE]}, pairs, Sampling())
        return [upgrade.find(FILE, name) for name in upgrade.requested[FILE]]

    return find


def runtime(seconds=1.0, logits=EXPECTED, **answers):
    """Return a function that starts a worker whose predictions take `seconds`."""
    return lambda: FakeWorker(seconds, logits=logits, **answers)


class Leaking(FakeWorker):
    """Keeps a megabyte in each block of predictions."""

    held = 0

    def answer(self, asked, *arguments):
        self.held += (asked == "block") << 20
        return self.held if asked == "in_use" else super().answer(asked, *arguments)


@pytest.mark.parametrize(
    ("baseline", "candidate", "words"),
    [
        (runtime(), runtime(), ["identical", "same", "same"]),
        (runtime(), runtime(seconds=2.0), ["identical", "worse", "same"]),
        (runtime(), lambda: Leaking(logits=EXPECTED), ["identical", "same", "worse"]),
        (runtime(), runtime(logits=EXPECTED + 1), ["changed", "same", "same"]),
        (runtime(), runtime(build=WorkerDied("gone")), ["changed", "worse", "worse"]),
        (runtime(build=ImportError("gone")), runtime(build=ImportError("gone")), ["missing"] * 3),
    ],
    ids=["equal", "slower", "leaking", "other logits", "candidate fails", "both fail"],
)
def test_two_runtimes_differ_in_logits_time_and_kept_memory(find, baseline, candidate, words):
    assert [each.word for each in find(baseline=baseline, candidate=candidate)] == words


def test_exporter_that_lacks_a_package_names_it(monkeypatch):
    def to_onnx(trained):
        raise ModuleNotFoundError("No module named 'onnxscript'", name="onnxscript")

    monkeypatch.setattr("impls.import_", lambda *_: SimpleNamespace(to_onnx=to_onnx))
    with pytest.raises(PackageNotInstalled, match="onnxscript"):
        export_tasks.export("jax", "edge", "to_onnx", None)
