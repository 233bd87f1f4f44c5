"""Plugins, options and encodings that people use with pytest leave the run and its results right."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import impls
from harness.workers.worker import Worker, WorkerEnded, WorkerSpec
from impls.contract import Settings

FLAKY = """
attempts = []


def test_flaky(framework, record):
    attempts.append(1)
    record("training", accuracies=[len(attempts) / 10], required=0.0, wrong=[])
    assert len(attempts) == 2
"""

TABLE = """
def test_table(framework, record):
    record("error", dtype="float64", name="\\xb1", error=0.0, limit=1e-6, gap="")
"""

ABSENT = """
import pytest
from impls import PackageNotInstalled

pytestmark = pytest.mark.edge


@pytest.fixture
def absent():
    raise PackageNotInstalled("onnx is not installed")


def test_fixture(framework, absent):
    pass


def test_call(framework):
    raise PackageNotInstalled("onnx is not installed")
"""

# Repeats a failed test once and names the first attempt as pytest-rerunfailures does.
RERUNS = """
import pytest
from _pytest.runner import runtestprotocol


def pytest_runtest_protocol(item, nextitem):
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    failed = [each for each in reports if each.failed]
    for each in failed:
        each.outcome = "rerun"
    for each in [*failed, *(runtestprotocol(item, nextitem=nextitem, log=False) if failed else reports)]:
        item.ihook.pytest_runtest_logreport(report=each)
    return True


def pytest_report_teststatus(report):
    return ("rerun", "R", "RERUN") if report.outcome == "rerun" else None
"""


def run(project, test, *options, **environment):
    """Run a test of NumPy in a copy of the project."""
    project.add_file("tests/test_added.py", test)
    return project.run("--framework=numpy", "tests/test_added.py", *options, **environment)


def test_last_attempt_counts_once(project):
    project.add_file("reruns.py", RERUNS)
    done = run(project, FLAKY, "-p", "reruns", "--results=results.json")
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    results = json.loads((project.folder / "results.json").read_text(encoding="utf-8"))
    assert [each["accuracies"] for each in results["results"]] == [[0.2]]
    assert (results["tests"], results["troubles"]) == ({"passed": 1}, [])


def test_encoding_without_a_character_keeps_the_tables(project):
    done = run(project, TABLE, PYTHONIOENCODING="ascii")
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    [row] = [line for line in done.stdout.splitlines() if "1e-06" in line]
    assert "?" in row


def test_table_that_fails_fails_the_run_in_a_line(project):
    done = run(project, TABLE.replace('gap=""', ""))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "KeyError" in done.stdout
    assert "INTERNALERROR" not in done.stdout


def test_edge_test_without_its_package_is_skipped(project):
    done = run(project, ABSENT, "-m", "edge")
    assert done.returncode == pytest.ExitCode.OK, done.stdout
    assert "2 skipped" in done.stdout


@pytest.mark.parametrize("environment", [{}, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}])
def test_run_without_pytest_benchmark_is_refused_in_a_line(run_here, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = run_here(*([] if environment else ["-p", "no:benchmark"]), "--collect-only", "-q", "tests/test_referee.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "pytest-benchmark" in done.stdout
    assert "Traceback" not in done.stdout


def test_worker_that_is_ended_meanwhile_did_not_die(project):
    """pytest-timeout and Ctrl-C end workers while threads wait for them."""
    body = "from harness.workers.session import notify; notify('warning', message='asked'); time.sleep(1000)"
    project.add("fake", f"def logits(self, images): {body}")
    asked = threading.Event()
    with closing(Worker(WorkerSpec("fake", root=project.folder), lambda *_: asked.set())) as worker:
        worker.build(impls.load, "fake", Settings())
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(worker.run, "logits", None)
            asked.wait()
            worker.close()
    assert isinstance(answer.exception(), WorkerEnded)
