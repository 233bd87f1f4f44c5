"""Files of two runtimes are compared by all logits, and by the time of a prediction."""

from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest

from harness.edge import export_tasks
from harness.edge.fidelity import fidelity
from harness.edge.versions import Versions
from harness.judging.sequential import Sampling
from harness.workers.worker import WorkerDied
from impls import PackageNotInstalled
from tests.fakes import FakeWorker

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
def runtimes(dataset):
    """Both versions of a runtime: `answers` are those of the candidate, whose predictions take `seconds`."""

    def runtimes(seconds=1.0, baseline=MappingProxyType({}), **answers):
        candidate = {"logits": EXPECTED, "versions": {"onnxruntime": "2"}} | answers
        workers = {
            "baseline": lambda: FakeWorker(logits=EXPECTED, versions={"onnxruntime": "1"}, **baseline),
            "candidate": lambda: FakeWorker(seconds, **candidate),
        }
        start = lambda target: workers[target.name]()  # noqa: E731
        return Versions(("old", "new"), lambda runtime, kind: f"mlp.{runtime}", start, dataset, Sampling())

    return runtimes


@pytest.mark.parametrize(("seconds", "word"), [(1.0, "same"), (2.0, "worse")])
def test_times_of_two_runtimes_have_a_verdict(runtimes, seconds, word):
    assert runtimes(seconds).time("onnx", "int8").word == word


@pytest.mark.parametrize(("logits", "word"), [(EXPECTED, "identical"), (EXPECTED + 1, "changed")])
def test_logits_of_two_runtimes_have_a_finding(runtimes, logits, word):
    finding = runtimes(logits=logits).numerics("onnx", "int8")
    assert finding.word == word
    assert "1 -> 2" in finding.reason


@pytest.mark.parametrize(
    ("candidate", "baseline", "words"),
    [
        (WorkerDied("gone"), None, ["changed", "worse"]),
        (ImportError("gone"), ImportError("gone"), ["missing", "missing"]),
    ],
)
def test_runtime_that_cannot_load_is_judged_by_its_side(runtimes, candidate, baseline, words):
    both = runtimes(build=candidate, baseline={"build": baseline})
    found = [both.numerics("onnx", "int8"), both.time("onnx", "int8")]
    assert [each.word for each in found] == words
    assert all("gone" in each.reason for each in found)


def test_exporter_that_lacks_a_package_names_it(monkeypatch):
    def to_onnx(trained):
        raise ModuleNotFoundError("No module named 'onnxscript'", name="onnxscript")

    monkeypatch.setattr("impls.import_", lambda *_: SimpleNamespace(to_onnx=to_onnx))
    with pytest.raises(PackageNotInstalled, match="onnxscript"):
        export_tasks.export("jax", "edge", "to_onnx", None)
