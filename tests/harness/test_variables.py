"""Nothing of the user's environment changes what a worker measures, unless `--keep-env` keeps it; then it is told."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import impls
from harness.measuring.campaign import Campaign, Launch
from harness.measuring.participants import participants
from harness.measuring.workload import OPERATIONS
from harness.report.campaign import tables
from harness.workers import variables
from harness.workers.worker import Worker
from impls import Entrant
from impls.contract import Settings
from tests.project import require

IMAGES = np.zeros((2, 28, 28), np.uint8)
CHANGING = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "KERAS_MAX_STEPS_PER_EPOCH": "5",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    "JAX_ENABLE_X64": "1",
    "TORCHINDUCTOR_MAX_AUTOTUNE": "1",
    "NVIDIA_TF32_OVERRIDE": "1",
    "MALLOC_ARENA_MAX": "1",
    "GLIBC_TUNABLES": "glibc.malloc.arena_max=1",
    "LD_BIND_NOW": "1",
    "LD_LIBRARY_PATH": "/nowhere",
    "LD_PRELOAD": "/nowhere/libjemalloc.so",
}


@pytest.fixture
def clean(monkeypatch):
    """An environment in which nothing changes what is measured; the names of `CHANGING` are put into it one by one."""
    for name in [name for name in os.environ if name.startswith(variables.CHANGE_WHAT_IS_MEASURED)]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def start(project):
    """Starts a worker of the copied project with this body of a fake implementation, and gives its logits."""

    def start(body: str, **options):
        project.add("fake", f"def logits(self, images): {body}")
        worker = Worker("fake", root=project.folder, **options)
        try:
            worker.build(impls.load, "fake", Settings(threads=options.get("threads")))
            return worker.call("logits", IMAGES), variables.described(worker.kept)
        finally:
            worker.close()

    return start


@pytest.mark.parametrize("name", CHANGING)
def test_what_changes_what_is_measured_is_taken_out(clean, name):
    clean.setenv(name, CHANGING[name])
    assert variables.found([]) == ([name], {})
    assert variables.found([name]) == ([], {name: CHANGING[name]})


@pytest.mark.parametrize("name", ["HTTP_PROXY", "PIP_INDEX_URL", "UV_INDEX_URL", "HOME", "PATH", "LANG", "MNIST_DIR"])
def test_what_does_not_change_it_stays(clean, name):
    clean.setenv(name, "/somewhere")
    assert variables.found([]) == ([], {})


def test_which_gpu_was_given_to_the_user_is_kept_and_told(clean):
    clean.setenv("CUDA_VISIBLE_DEVICES", "3")
    assert variables.found([]) == ([], {"CUDA_VISIBLE_DEVICES": "3"})


HAD = """
import pathlib
started_with = pathlib.Path('/proc/self/environ')
names = [each.partition('=')[0] for each in started_with.read_text().split(chr(0))] if started_with.exists() else []
return sorted({*names, *os.environ})
"""


def test_a_process_is_started_without_them(clean, start):
    """Some act when the process starts: that it forgets them later would be too late."""
    for name, value in CHANGING.items():
        clean.setenv(name, value)
    taken_out = []
    had, kept = start(HAD.replace("\n", "\n    "), keep=["XLA_FLAGS"], on_taken_out=taken_out.append)
    assert CHANGING.keys() & {*had} == {"XLA_FLAGS"}
    assert kept == f"XLA_FLAGS={CHANGING['XLA_FLAGS']}"
    assert taken_out == [sorted(CHANGING.keys() - {"XLA_FLAGS"})]


def test_what_the_suite_sets_wins(clean, start):
    clean.setenv("OMP_NUM_THREADS", "7")
    clean.setenv("CUDA_VISIBLE_DEVICES", "3")
    body = "return [os.environ['OMP_NUM_THREADS'], os.environ['CUDA_VISIBLE_DEVICES'], os.environ['FAKE_BACKEND']]"
    clean.setenv("FAKE_BACKEND", "theirs")
    assert start(body, threads=1, environment={"FAKE_BACKEND": "ours"}) == (["1", "", "ours"], "none")


def test_no_file_and_no_variable_of_the_user_configures_keras(clean, start, tmp_path):
    require("keras", "jax")
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps({"floatx": "float64", "epsilon": 0.5}))
    for name, value in CHANGING.items():
        clean.setenv(name, value)
    clean.setenv("HOME", str(tmp_path))
    body = (
        "import jax, keras; return [keras.config.floatx(), keras.config.epsilon(), "
        "keras.config.max_steps_per_epoch(), jax.config.jax_enable_x64, jax.device_count()]"
    )
    seen, _ = start(body, environment={"KERAS_BACKEND": "jax"})
    assert seen == ["float32", 1e-7, None, False, 1]


@pytest.mark.parametrize("where", ["in HOME", "in KERAS_HOME"])
def test_what_keras_has_downloaded_is_found(monkeypatch, tmp_path, where):
    users = tmp_path / ("home/.keras" if where == "in HOME" else "elsewhere")
    (users / "datasets").mkdir(parents=True)
    (users / "datasets" / "mnist.npz").write_text("digits")
    (users / "keras.json").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    if where == "in KERAS_HOME":
        monkeypatch.setenv("KERAS_HOME", str(users))
    home = Path(variables.keras_home(str(tmp_path)))
    assert [each.name for each in home.iterdir()] == ["datasets"]
    assert (home / "datasets" / "mnist.npz").read_text() == "digits"


def test_where_keras_has_downloaded_nothing_it_keeps_what_it_will(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "new"))
    (Path(variables.keras_home(str(tmp_path))) / "datasets" / "mnist.npz").touch()
    assert (tmp_path / "new" / "datasets" / "mnist.npz").exists()


def test_where_nothing_can_be_kept_keras_has_a_home_all_the_same(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    assert not list(Path(variables.keras_home(str(tmp_path))).iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep-env=OMP_NUM_THREAD"], "--keep-env OMP_NUM_THREAD: it is not set; did you mean OMP_NUM_THREADS?"),
        (["--keep-env=XLA_FLAGS"], "--keep-env XLA_FLAGS: it is not set"),
        (
            ["--keep-env=HTTP_PROXY"],
            "--keep-env HTTP_PROXY: it is not taken out (harness/workers/variables",
        ),
        (["--keep-env=PYTHONPATH"], "--keep-env PYTHONPATH: workers run `python -I`, which reads none of PYTHON*"),
        (["--keep-env=KERAS_BACKEND"], "--keep-env KERAS_BACKEND: the suite sets it itself"),
        (["--keep-env=KERAS_HOME"], "--keep-env KERAS_HOME: the suite sets it itself"),
        (["--keep-env=OMP_NUM_THREADS", "--threads=1"], "--keep-env OMP_NUM_THREADS: the suite sets it itself"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_a_line(run_here, clean, arguments, message):
    clean.setenv("OMP_NUM_THREADS", "1")
    done = run_here("--collect-only", *arguments, "tests/test_output.py")
    assert message in done.stdout
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in done.stdout


def test_what_was_taken_out_is_said_once_and_what_was_kept_is_in_the_table(clean, run_here, tmp_path):
    clean.setenv("OMP_WAIT_POLICY", "passive")
    clean.setenv("MALLOC_ARENA_MAX", "1")
    found = tmp_path / "found.json"
    chosen = ("-m", "regression", "--framework=numpy", "-k", "network", f"--candidate-python={sys.executable}")
    done = run_here(*chosen, "--keep-env=OMP_WAIT_POLICY", f"--regression-json={found}", "tests/test_regression.py")
    assert done.returncode == 0, done.stdout
    line = "note [all workers]: taken out of their environment: MALLOC_ARENA_MAX (--keep-env=NAME keeps one)"
    assert done.stdout.count(line) == 1
    assert "Kept by --keep-env: OMP_WAIT_POLICY=passive." in done.stdout
    assert json.loads(found.read_text())["kept_variables"] == "OMP_WAIT_POLICY=passive"


@pytest.mark.parametrize(("kept", "lines"), [({"XLA_FLAGS": "--fast"}, 1), ({}, 0)])
def test_what_was_kept_is_in_the_caption_of_a_campaign(dataset, kept, lines):
    campaign = Campaign(
        participants([(Entrant("numpy", "mlp"), OPERATIONS[0])], Settings(), dataset), dataset, start=None
    )
    campaign.launches["numpy-mlp"] = [Launch(0.1, conditions={"kept_variables": variables.described(kept)})]
    console = Console(width=120)
    with console.capture() as captured:
        console.print(*tables(campaign))
    assert captured.get().count("Kept by --keep-env: XLA_FLAGS=--fast") == lines
