"""No variable of the user changes a measurement of a worker, unless `--keep-env` keeps it; then it is recorded."""

import json
import os
import sys
from pathlib import Path

import pytest

from harness.workers import variables
from tests.project import require

CHANGING = {
    "OMP_NUM_THREADS": "1",
    "KERAS_MAX_STEPS_PER_EPOCH": "5",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    "JAX_ENABLE_X64": "1",
    "MALLOC_ARENA_MAX": "1",
    "LD_LIBRARY_PATH": "/nowhere",
    "A_NEW_COMPILER_FLAGS": "-O9",
}


@pytest.fixture
def user(monkeypatch):
    """Sets the variables of `CHANGING`; no other variable is set that is not inherited."""
    for name in [name for name in os.environ if not variables.is_inherited(name) and name != "PYTEST_CURRENT_TEST"]:
        monkeypatch.delenv(name)
    for name, value in CHANGING.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_worker_inherits_the_named_variables_only(user, start_fake):
    user.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    worker = start_fake("def logits(self, _): return [*os.environ]", keep=("XLA_FLAGS",))
    names = worker.run("logits", None)
    assert CHANGING.keys() & {*names} == {"XLA_FLAGS"}
    assert "HTTP_PROXY" in names
    assert worker.kept == {"XLA_FLAGS": CHANGING["XLA_FLAGS"]}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_settings_of_the_suite_win(user, start_fake, device):
    user.setenv("CUDA_VISIBLE_DEVICES", "3")
    body = "def logits(self, names): return [os.environ[name] for name in names]"
    worker = start_fake(body, threads=2, device=device, environment={"FAKE_BACKEND": "ours"})
    values = worker.run("logits", ["OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "FAKE_BACKEND"])
    assert values == ["2", "" if device == "cpu" else "3", "ours"]


def test_user_configures_no_keras_of_a_worker(user, start_fake, tmp_path):
    require("keras", "jax")
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps({"floatx": "float64", "epsilon": 0.5}))
    user.setenv("HOME", str(tmp_path))
    body = (
        "def logits(self, _): import jax, keras; return [keras.config.floatx(), keras.config.epsilon(), "
        "keras.config.max_steps_per_epoch(), jax.config.jax_enable_x64, jax.device_count()]"
    )
    worker = start_fake(body, environment={"KERAS_BACKEND": "jax"})
    assert worker.run("logits", None) == ["float32", 1e-7, None, False, 1]


@pytest.mark.parametrize("variable", ["HOME", "KERAS_HOME"])
def test_downloads_of_keras_are_found(monkeypatch, tmp_path, variable):
    users = tmp_path / ("home/.keras" if variable == "HOME" else "elsewhere")
    (users / "datasets").mkdir(parents=True)
    (users / "datasets" / "mnist.npz").write_text("digits")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(users) if variable == "KERAS_HOME" else "")
    home = Path(variables.keras_home(str(tmp_path)))
    assert (home / "datasets" / "mnist.npz").read_text() == "digits"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--keep-env=OMP_NUM_THREAD"], "OMP_NUM_THREADS?"),
        (["--keep-env=PYTHONPATH"], "PYTHONPATH"),
        (["--keep-env=OMP_NUM_THREADS", "--threads=1"], "OMP_NUM_THREADS"),
    ],
)
def test_variable_that_cannot_be_kept_is_refused(run_here, user, arguments, named):
    done = run_here("--collect-only", *arguments, "tests/test_output.py")
    assert named in done.stdout
    assert done.returncode == pytest.ExitCode.USAGE_ERROR


def test_run_reports_variables_taken_out_and_kept(user, run_here, tmp_path):
    saved = tmp_path / "saved.json"
    chosen = ("-m", "regression", "--framework=numpy", "-k", "network", f"--candidate-python={sys.executable}")
    done = run_here(*chosen, "--keep-env=MALLOC_ARENA_MAX", f"--regression-json={saved}", "tests/test_regression.py")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("OMP_NUM_THREADS") == 1
    assert "MALLOC_ARENA_MAX=1" in done.stdout
    assert json.loads(saved.read_text())["kept_variables"] == "MALLOC_ARENA_MAX=1"
