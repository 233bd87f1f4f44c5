"""How many logits differ, by how much, and which images get another label."""

import numpy as np
import pytest

from harness.edge.fidelity import fidelity
from harness.edge.versions import Versions, environment, named_in
from harness.judging.sequential import Sampling
from harness.report.fidelity import fidelity_table
from harness.workers.worker import WorkerDied
from tests.fakes import FakeWorker

EXPECTED = np.array([[0.0, 1.0, 0.5], [2.0, 1.5, 0.0]], np.float32)
LABELS = np.array([1, 1])


def test_equal_logits():
    assert fidelity(EXPECTED, EXPECTED, LABELS) == (0.5, 0, 0.0, 0)


def test_each_different_logit_counts_and_the_largest_is_in_steps():
    found = EXPECTED + np.array([[0, -1.0, 0], [0, 0, 0.5]], np.float32)
    assert fidelity(found, EXPECTED, LABELS, step=0.5) == (0.0, 2, 2.0, 1)


def test_no_number_is_off_by_infinity():
    found = EXPECTED.copy()
    found[0, 0] = np.nan
    assert fidelity(found, EXPECTED, LABELS)[1:3] == (1, np.inf)


def test_logits_of_other_images_are_refused():
    with pytest.raises(ValueError, match=r"expected logits of shape \(2, 3\), got \(1, 3\)"):
        fidelity(EXPECTED[:1], EXPECTED, LABELS)


def test_what_was_not_measured_is_missing_from_the_table():
    table = fidelity_table("mlp", {("jax", "onnx", "int8"): {"differ": 0, "bytes": 1234}}, 10)
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells == ["int8", "onnx", "jax", "1,234", "missing", "0", *["missing"] * 5]


def test_the_runtimes_that_requirements_name():
    assert named_in(["ONNXruntime>=1.31", "numpy<3"]) == ["onnx"]
    assert named_in(["ai_edge_litert==2.2.0"]) == ["litert"]
    assert named_in(["keras==3.14.1"]) == []


def test_an_environment_has_the_version_that_was_named_and_ours_of_all_else():
    requirements, packages = environment(["onnxruntime==1.31.1"])
    assert [each for each in requirements if each.startswith("onnxruntime")] == ["onnxruntime==1.31.1"]
    assert any(each.startswith("ai-edge-litert==") for each in requirements)
    assert packages == ("ai_edge_litert", "onnxruntime")


@pytest.fixture
def runtimes(dataset):
    """Both versions of a runtime: `answers` are those of the candidate, whose predictions take `seconds`."""

    def runtimes(seconds=1.0, **answers):
        candidate = {"logits": EXPECTED, "versions": {"onnxruntime": "2"}} | answers
        workers = {
            "baseline": lambda: FakeWorker(logits=EXPECTED, versions={"onnxruntime": "1"}),
            "candidate": lambda: FakeWorker(seconds, **candidate),
        }
        start = lambda participant: workers[participant.name]()  # noqa: E731
        return Versions(("old", "new"), lambda runtime, kind: f"mlp.{runtime}", start, dataset, Sampling())

    return runtimes


@pytest.mark.parametrize(("seconds", "word"), [(1.0, "same"), (2.0, "worse"), (0.5, "better")])
def test_times_of_two_runtimes(runtimes, seconds, word):
    versions = runtimes(seconds)
    verdict = versions.time("onnx", "int8")
    assert (verdict.word, verdict.launches) == (word, 8)
    assert versions.found == {("onnx", "int8", "time"): verdict}


@pytest.mark.parametrize(("logits", "word"), [(EXPECTED, "identical"), (EXPECTED + 1, "changed")])
def test_logits_of_two_runtimes(runtimes, logits, word):
    finding = runtimes(logits=logits).numerics("onnx", "int8")
    assert finding.word == word
    assert "1 -> 2" in finding.reason


def test_a_runtime_that_dies_is_no_verdict(runtimes):
    with pytest.raises(WorkerDied):
        runtimes(block=WorkerDied("gone")).time("onnx", "int8")
