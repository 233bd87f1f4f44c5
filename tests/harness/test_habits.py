"""Plugins, options and encodings that people use with pytest leave the run and its results right."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import impls
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker, WorkerEnded
from impls.contract import Settings
from tests.processes import PATIENCE
from tests.project import Project

TESTS = """
import pytest
from impls import PackageNotInstalled


def test_table(framework, record):
    record("error", dtype="float64", name="\\xb1", error=0.0, limit=1e-6, known_deviation="")


@pytest.mark.edge
def test_edge(framework):
    raise PackageNotInstalled("onnx is not installed")
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory, dataset):
    """The finished run of `TESTS`, in ASCII."""
    project = Project(tmp_path_factory.mktemp("habits"), dataset)
    project.add_file("tests/test_added.py", TESTS)
    options = ("-m", "edge or not edge", "--framework=numpy")
    done = project.run(*options, "tests/test_added.py", PYTHONIOENCODING="ascii")
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    return done


def test_encoding_without_a_character_keeps_the_tables(run):
    [row] = [line for line in run.stdout.splitlines() if "1e-06" in line]
    assert "?" in row


def test_edge_test_without_its_package_is_skipped(run):
    assert "1 skipped" in run.stdout


@pytest.mark.parametrize(("no_autoload", "options"), [("", ["-p", "no:benchmark"]), ("1", [])])
def test_run_without_pytest_benchmark_is_refused(run_here, monkeypatch, no_autoload, options):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", no_autoload)
    done = run_here(*options, "--collect-only", "-q", "tests/test_reference.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "pytest-benchmark" in done.stdout


def test_worker_that_is_ended_meanwhile_did_not_die(project):
    """pytest-timeout and Ctrl-C end workers while threads wait for them."""
    body = "from harness.workers.session import notify; notify('warning', message='asked'); time.sleep(1000)"
    project.add("fake", f"def logits(self, images): {body}")
    asked = threading.Event()
    on_event = lambda event, _: event == "warning" and asked.set()  # noqa: E731
    with closing(Worker(WorkerSpec("fake", root=project.folder), on_event)) as worker:
        worker.build(impls.load, "fake", Settings())
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(worker.run, "logits", None)
            was_asked = asked.wait(PATIENCE)
            worker.close()
    assert was_asked
    assert isinstance(answer.exception(), WorkerEnded)
