"""An option is understood, or refused in one line that names what was expected."""

import numpy as np
import pytest

from impls.contract import DEFAULT_NETWORKS
from impls.numpy.adapter import Adapter

REGRESSION = "tests/test_regression.py"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--framework", "tensorflw"], "'tensorflow'"),
        (["--network", "cn"], ", ".join([*DEFAULT_NETWORKS, "all"])),
        (["--reference", "numpie"], "'numpy'"),
        (["--epochs", "0"], "'0'"),
        (["--batch-size", "60001"], "60,000"),
        (["--in-process", "--framework", "keras"], "--framework"),
        (["--in-process", "--framework", "numpy", "--benchmark-only"], "--in-process"),
        (["--notebook-baseline", "--device", "cuda"], "--notebook-baseline"),
        (["--benchmark-cprofile=tottime"], "--benchmark-cprofile"),
        (["--network", "all", "--baseline", "numpy==1.0"], "one network"),
        (["-n", "2", "--compare"], "-n cannot be combined"),
        (["-n", "2", "--seeds", "2"], "-n cannot be combined"),
        (["--regression-json=no/where.json"], "no/where.json"),
        (["--data-dir", "nowhere", "tests/test_dataset.py"], "nowhere"),
        (["--quick", "--epochs", "3"], "--epochs"),
        (["--compare", "--baseline", "numpy==1.0"], "--compare cannot be combined"),
        (["-m", "regression"], "--baseline"),
        (["--baseline=ruff==0.1", REGRESSION], "ruff"),
        (["--baseline-python=/no/such/python", REGRESSION], "/no/such/python"),
        (["--baseline=keras==3", "--baseline-python=/some/python"], "--baseline-python"),
        (["--candidate=keras==3", "--candidate-python=/some/python"], "--candidate-python"),
        (["--baseline=numpy==0.0.1", "--framework=numpy", REGRESSION], "numpy==0.0.1"),
        (["--baseline=onnxruntime==1", "--baseline=keras-nightly"], "leave out keras"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_option_is_refused_in_one_line(run_here, monkeypatch, arguments, named):
    monkeypatch.setenv("UV_OFFLINE", "1")
    done = run_here(*arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert named in done.stdout
    assert "Traceback" not in done.stdout


def test_framework_option_selects_tests_about_it(run_here):
    about = run_here("--collect-only", "-q", "--framework", "jax").stdout
    tests = [line for line in about.splitlines() if line.startswith("tests/")]
    assert tests
    assert [test for test in tests if "[jax" not in test and "-jax" not in test] == []


def test_named_files_run_completely(run_here):
    named = run_here("--collect-only", "-q", "--framework", "jax", "tests/test_bad_input.py").stdout
    assert "test_settings[seed--1-ValueError]" in named


def test_reference_must_compute_in_float64(run_here, monkeypatch):
    monkeypatch.setattr(Adapter, "known_deviation", lambda self: "all is float32")
    done = run_here(
        "--in-process", "tests/test_equivalence.py", "-k", "test_logits and float64", "--framework", "numpy"
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "all is float32" in done.stdout


def learner(accuracy):
    """Return members of an adapter that learns this at once, and a bit more with another seed."""

    def fit(self, images, labels, epochs, on_epoch):
        on_epoch(1, 0.1)
        return {"loss": [0.1]}

    evaluate = lambda self, *_: (0.1, accuracy + self.settings.seed / 10_000)  # noqa: E731
    return {"fit": fit, "evaluate": evaluate, "logits": lambda self, images: np.zeros((len(images), 10))}


@pytest.mark.parametrize(
    ("other", "status", "difference"),
    [(0.98, pytest.ExitCode.OK, "1 of 1 pairs"), (0.972, pytest.ExitCode.TESTS_FAILED, "different, +0.800%")],
)
def test_seeds_compare_mean_accuracies(run_here, add_variant, other, status, difference):
    add_variant("one", **learner(0.98))
    add_variant("other", **learner(other))
    chosen = ("--framework", "one", "--framework", "other", "--in-process")
    done = run_here(*chosen, "tests/test_accuracy.py", "--seeds", "3", "--epochs", "1")
    assert done.returncode == status
    assert difference in done.stdout
