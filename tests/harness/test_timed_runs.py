"""Benchmarks run when they are asked for, end with their tables, and are saved whole or not at all."""

import xml.etree.ElementTree as ElementTree

import pytest
from pytest_benchmark.logger import PytestBenchmarkWarning

from harness.measuring.workload import OPERATIONS
from tests.fakes import FakeWorker

ONE = ("--framework", "numpy", "--benchmark-only", "--launches", "1", "-k", "predict_step-1]")


def fake(name, **_):
    return FakeWorker()


def test_benchmarks_run_on_request_only(run_here):
    tests = ("--framework", "numpy", "tests/test_latency.py", "tests/test_network.py")
    assert "test_latency" not in run_here("--collect-only", "-q", *tests).stdout


def test_benchmark_only_times_each_operation(run_here, tmp_path):
    tests = ("--framework", "numpy", "tests/test_latency.py", "tests/test_network.py")
    done = run_here(*tests, "--benchmark-only", f"--junitxml={tmp_path / 'report.xml'}", worker=fake)
    names = [case.get("name") for case in ElementTree.parse(tmp_path / "report.xml").iter("testcase")]
    assert names == [f"test_latency[numpy-mlp-{operation}]" for operation in OPERATIONS]
    assert f"{len(OPERATIONS)} passed" in done.stdout
    assert done.stdout.count("launch 1 of 3") == done.stdout.count("launch 3 of 3") == 1


def test_quick_is_one_launch_and_states_its_limits(run_here):
    done = run_here("--quick", "--framework", "numpy", "tests/test_latency.py", worker=fake)
    assert "3 passed" in done.stdout
    assert done.stdout.count("launch 1 of 1") == 1
    assert "shows that it runs, not who is faster" in done.stdout
    assert "Required accuracy: 94%; 97% after 10 epochs." in done.stdout


def test_caption_states_the_width_of_an_interval(run_here):
    done = run_here("--compare", "--framework", "numpy", "tests/test_latency.py", worker=fake)
    assert "The 95 % interval of a mean of 3 launches is ±2.5 such deviations; with a launch less ±9.0." in done.stdout


@pytest.mark.parametrize("option", ["--benchmark-only", "--compare"])
def test_notebook_baseline_is_timed_on_request(run_here, option):
    campaign = (option, "--framework", "pytorch", "tests/test_latency.py", "-k", "epoch")
    done = run_here(*campaign, "--notebook-baseline", worker=fake)
    assert "2 passed" in done.stdout
    assert "pytorch         1.00     1.00          1.00" in done.stdout  # seconds, and times faster


def test_campaign_refuses_to_share_the_machine(run_here, monkeypatch):
    campaign = ("-m", "latency", "--framework", "numpy", "tests/test_latency.py", "-k", "fit")
    assert "needs the machine for itself" in run_here(*campaign, "--in-process").stdout
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    with pytest.warns(PytestBenchmarkWarning, match="disabled because xdist plugin is active"):
        assert "needs the machine for itself" in run_here(*campaign).stdout


def test_tables_are_shown_although_nothing_can_be_saved(project):
    """A plugin warns while it starts, the cache and the storage cannot be made, and the saved run is cut short."""
    project.add_file("saved.json", '{"benchmarks": [')
    project.add_file("warns.py", "import warnings\ndef pytest_configure(): warnings.warn('soon to be removed')\n")
    compare = ("--benchmark-compare=saved.json", "--benchmark-compare-fail=median:5%")
    storage = ("--benchmark-autosave", "--benchmark-storage=file:///dev/null/nowhere")
    cache = ("-p", "cacheprovider", "-o", "cache_dir=/dev/null/nowhere", "-p", "warns")
    done = project.run(*ONE, *compare, *storage, *cache, PYTHONPATH=str(project.folder))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 passed" in done.stdout
    assert "Median milliseconds" in done.stdout
    assert "--benchmark-compare-fail: nothing could be compared" in done.stdout
    assert "what was measured could not be saved: NotADirectoryError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.filterwarnings("ignore::pytest_benchmark.logger.PytestBenchmarkWarning")
def test_run_without_measurements_saves_nothing(run_here, tmp_path):
    saved = (f"--benchmark-json={tmp_path / 'run.json'}", "--benchmark-compare", f"--benchmark-storage={tmp_path}")
    broken = FakeWorker(build=ZeroDivisionError("division by zero"))
    done = run_here(*ONE, *saved, "tests/test_latency.py", worker=lambda *_, **__: broken)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert not (tmp_path / "run.json").exists()
    assert "numpy-mlp could not be measured: division by zero" in done.stdout
    assert "INTERNALERROR" not in done.stdout


def test_compare_ends_with_a_row_for_each_variant(project):
    project.add("dull", "def train_epoch(self, batch): return 2.3")
    project.add_file("impls/absent/adapter.py", "import no_such_framework\n")
    frameworks = [argument for name in ("numpy", "dull", "absent") for argument in ("--framework", name)]
    done = project.run("-q", "--compare", "--epochs", "1", "--launches", "1", *frameworks)
    comparison, _, campaign = done.stdout.partition("Median milliseconds")
    rows = {words[0]: words for words in map(str.split, comparison.splitlines()) if words}
    assert rows["numpy"][3] == "535,818"
    assert rows["numpy"][4].endswith("%")
    assert "missing" not in rows["numpy"]
    assert rows["dull"][4] < "30%"
    assert "no_such_framework is not installed" in " ".join(done.stdout.split())
    assert "in multiples of the floor" in campaign
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
