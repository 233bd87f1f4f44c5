"""An option is understood, or refused in one line that names what was expected."""

import pytest

from impls.numpy.adapter import Adapter


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--framework", "tensorflw"], "did you mean 'tensorflow'?"),
        (["--framework", "xyz"], "Expected one of jax, keras-tensorflow"),
        (["--network", "cn"], "Expected one of mlp, cnn, all"),
        (["--referee", "numpie"], "did you mean 'numpy'?"),
        (["--epochs", "0"], "got '0'"),
        (["--batch-size", "60001"], "from 1 to 60,000, got '60001'"),
        (["--worker-timeout", "-3"], "got '-3'"),
        (["--device", "tpu"], "invalid choice: 'tpu'"),
        (["--in-process", "--framework", "keras"], "name exactly one with --framework"),
        (["--in-process", "--framework", "numpy", "--benchmark-only"], "--in-process"),
        (["--notebook-baseline", "--device", "cuda"], "--notebook-baseline cannot be combined with --device"),
        (["--benchmark-cprofile=tottime"], "--benchmark-cprofile"),
        (["--network", "all", "--baseline", "numpy==1.0"], "one network"),
        (["-n", "2", "--benchmark-only"], "-n cannot be combined with --benchmark-only"),
        (["-n", "2", "--compare"], "-n cannot be combined with --compare"),
        (["-n", "2", "--seeds", "2"], "-n cannot be combined with --seeds"),
        (["--benchmark-json=no/where.json"], "--benchmark-json no/where.json"),
        (["--data-dir", "nowhere", "tests/test_dataset.py"], "data directory nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_are_refused_in_one_line(run_here, arguments, message):
    done = run_here(*arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert message in done.stdout
    assert "Traceback" not in done.stdout


def test_framework_option_selects_tests_about_it(run_here):
    about = run_here("--collect-only", "-q", "--framework", "jax").stdout
    tests = [line for line in about.splitlines() if line.startswith("tests/")]
    assert len(tests) > 50
    assert [test for test in tests if "[jax" not in test and "-jax" not in test] == []


def test_named_files_run_completely(run_here):
    named = run_here("--collect-only", "-q", "--framework", "jax", "tests/test_bad_input.py").stdout
    assert "test_settings[seed--1-ValueError]" in named


def test_in_process_runs_the_framework_inside_pytest(run_here, monkeypatch):
    """The test runs this process' NumPy adapter, which counts wrong here."""
    monkeypatch.setattr(Adapter, "parameter_count", lambda self: 0)
    test = ("--framework", "numpy", "tests/test_network.py", "-k", "by_the_framework")
    assert run_here("--in-process", *test).returncode == pytest.ExitCode.TESTS_FAILED


def test_reference_must_compute_in_float64(run_here, monkeypatch):
    monkeypatch.setattr(Adapter, "known_deviation", lambda self: "all is float32")
    done = run_here("--in-process", "tests/test_ladder.py", "-k", "test_logits and float64", "--framework", "numpy")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "--referee numpy: all is float32" in done.stdout


def of_accuracy(accuracy):
    """Return members of an adapter that learns this at once, and a bit more with another seed."""

    def fit(self, images, labels, epochs, on_epoch):
        on_epoch(1, 0.1)
        return {"loss": [0.1]}

    return {"fit": fit, "evaluate": lambda self, *_: (0.1, accuracy + self.settings.seed / 10_000)}


@pytest.mark.parametrize(
    ("other", "status", "statement"),
    [
        (0.98, pytest.ExitCode.OK, "1 of 1 pairs of means agree within 0.2%"),
        (0.972, pytest.ExitCode.TESTS_FAILED, "one - other: different, +0.800%"),
    ],
)
def test_seeds_compare_mean_accuracies(run_here, add_variant, other, status, statement):
    add_variant("one", **of_accuracy(0.98))
    add_variant("other", **of_accuracy(other))
    chosen = ("--framework", "one", "--framework", "other", "--in-process")
    done = run_here(*chosen, "tests/test_accuracy.py", "--seeds", "3", "--epochs", "1")
    assert done.returncode == status
    assert statement in done.stdout
