"""`pytest -m regression` reports findings, ends with the right status, and refuses an impossible comparison."""

import json
import sys

import numpy as np
import pytest

from harness.regression.checks import CHECKS
from impls import PackageNotInstalled
from studies.injected_slowdown import environment, slower
from tests.fakes import FakeWorker, PatchedNumpy

UNDECIDED = 5  # exit status
OTHER_LOSS = """
def log_softmax(logits):
    return 1.5 * logits - np.log(np.exp(1.5 * logits).sum(axis=1, keepdims=True))
"""


@pytest.fixture
def run(run_here, tmp_path):
    """Compare NumPy with itself, or with a candidate of another interpreter. Return the JSON and the Markdown, too.

    `worker` takes the place of both, as in `run_here`.
    """

    def run(*arguments, candidate=sys.executable, worker=None):
        saved = [tmp_path / "found.json", tmp_path / "found.md"]
        options = [f"--regression-json={saved[0]}", f"--regression-markdown={saved[1]}"]
        chosen = ["-m", "regression", "--framework", "numpy", f"--candidate-python={candidate}", *arguments]
        done = run_here(*chosen, *options, "tests/test_regression.py", worker=worker)
        return done, json.loads(saved[0].read_text()), saved[1].read_text()

    return run


def test_version_computes_the_same_as_itself(run):
    done, saved, markdown = run("-k", "computes", "--alpha=5%", worker=lambda name, **_: PatchedNumpy())
    assert done.returncode == 0, done.stdout
    record = saved["variants"]["numpy"]
    assert [each["word"] for each in record["found"].values()] == ["identical"] * len(CHECKS)
    assert record["versions"]["baseline"]["numpy"] == np.__version__
    assert saved["alpha"] == 0.05
    assert "| training | identical |" in markdown
    assert "ITSELF" in done.stdout


def test_candidate_that_computes_something_else_fails(run, tmp_path):
    done, *_ = run("-k", "gradients", candidate=environment(tmp_path / "patched", {"impls.numpy.mnist": OTHER_LOSS}))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "gradients changed: " in done.stdout


def test_slower_candidate_fails_and_its_times_are_saved(run):
    seconds = {"baseline": 1.0, "candidate": 2.0}
    done, saved, _ = run("-k", "predict_step-128", worker=lambda name, **_: FakeWorker(seconds[name]))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    found = saved["variants"]["numpy"]["found"]["predict_step-128"]
    assert (found["word"], found["pairs"], found["ratio"]) == ("worse", 8, pytest.approx(2.0))
    assert (found["baseline"], found["candidate"]) == ([1.0] * 8, pytest.approx([2.0] * 8))


@pytest.mark.long
def test_slower_candidate_is_found_with_real_workers(run, tmp_path):
    candidate = slower(tmp_path / "slower", "numpy", 2.0)
    _, saved, _ = run("--threads", "1", "-k", "predict_step-128", candidate=candidate)
    found = saved["variants"]["numpy"]["found"]["predict_step-128"]
    assert found["word"] == "worse"
    assert found["ratio"] == pytest.approx(2, rel=0.2)


@pytest.mark.parametrize(
    ("options", "answers", "reason"),
    [
        (["-k", "predict_step-128", "--max-minutes=1e-9"], {}, "1 inconclusive"),
        (["-k", "gradients"], {"build": PackageNotInstalled("jax is not installed")}, "jax is not installed (numpy)"),
    ],
)
def test_exit_status_of_open_verdicts_is_5(run, options, answers, reason):
    done, *_ = run(*options, worker=lambda name, **_: FakeWorker(**answers if name == "candidate" else {}))
    assert done.returncode == UNDECIDED, done.stdout
    assert reason in done.stdout


def test_variants_without_the_package_are_not_compared(run_here):
    files = ("tests/test_regression.py", "tests/test_latency.py")
    shown = run_here("--collect-only", "-q", "--baseline=optax==0.1", *files).stdout
    assert "[jax-" in shown
    assert not any(each in shown for each in ("[numpy-", "test_latency"))


def test_runtime_is_compared_by_its_files(run_here, monkeypatch):
    monkeypatch.setattr("harness.edge.versions.WRITER", "numpy")
    shown = run_here("--collect-only", "-q", "--baseline=onnxruntime==1", "tests/test_regression.py").stdout
    for quantity in ("logits", "predict_step-1", "kept-by-call"):
        assert f"[onnx-int8-mlp-{quantity}]" in shown
    assert not any(each in shown for each in ("numpy", "accuracy", "train_step"))
