"""Benchmarks run on request, end with their tables, and are saved with all that they depend on, or not at all."""

import json

import pytest
from pytest_benchmark.logger import PytestBenchmarkWarning

from harness.measuring.timing import Unmeasurable
from harness.measuring.workload import OPERATIONS
from harness.page.results import read
from tests.fakes import CONDITIONS, FakeWorker

pytestmark = pytest.mark.filterwarnings("ignore::pytest_benchmark.logger.PytestBenchmarkWarning")
ONE = ("--framework", "numpy", "--process-runs", "1", "-k", "predict_step-1]")
ALONE = "needs the machine for itself"


def fake(name):
    return FakeWorker()


@pytest.fixture
def benchmarks(run_here, tmp_path):
    """Benchmarks, as pytest-benchmark saves them, of workers that are fakes unless told otherwise; and the run."""

    def benchmarks(*arguments, worker=fake):
        saved = tmp_path / "b.json"
        options = ("--benchmark-only", f"--benchmark-json={saved}", f"--benchmark-storage={tmp_path}")
        done = run_here(*options, *arguments, "tests/test_latency.py", worker=worker)
        return json.loads(saved.read_text())["benchmarks"] if saved.exists() else [], done

    return benchmarks


def test_benchmarks_run_on_request_only(run_here):
    tests = ("--framework", "numpy", "tests/test_latency.py", "tests/test_network.py")
    assert "test_latency" not in run_here("--collect-only", "-q", *tests).stdout


def test_benchmark_only_times_each_operation(benchmarks):
    found, done = benchmarks("--framework", "numpy", "tests/test_network.py")
    assert [each["name"] for each in found] == [f"test_latency[numpy-mlp-{operation}]" for operation in OPERATIONS]
    assert [len(each["extra_info"]["runs"]) for each in found] == [3] * len(OPERATIONS)
    assert f"{len(OPERATIONS)} passed" in done.stdout


def test_variant_that_cannot_be_measured_stops_no_other(benchmarks):
    def worker(name):
        return FakeWorker(prepare=Unmeasurable("synchronize() does not wait")) if name == "jax-mlp" else fake(name)

    chosen = ("--process-runs", "1", "--framework", "jax", "--framework", "numpy", "-k", "step-32")
    found, done = benchmarks(*chosen, worker=worker)
    assert [benchmark["param"] for benchmark in found] == ["numpy-mlp-train_step-32"]
    assert "synchronize() does not wait" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED


def test_record_holds_its_samples_and_conditions(benchmarks):
    chosen = ("--process-runs", "1", "--framework", "numpy", "-k", "train_step-32", "--threads", "1")
    [benchmark], _ = benchmarks(*chosen, worker=None)
    info = benchmark["extra_info"]
    assert info["runs"] == [benchmark["stats"]["data"]]
    assert info["threads"] == len(info["affinity"]) == 1
    assert (info["batch_size"], info["device"], info["jit_compile"]) == (32, "cpu", False)
    for each_run in ("import_seconds", "first_step_seconds", "roofline_seconds"):
        assert [seconds > 0 for seconds in info[each_run]] == [True]
    assert {"numpy", "python", "cpu", "load_average", "garbage_collector", "implementation_sha256"} <= set(info)


def test_results_hold_each_process_run(run_here, tmp_path):
    file = tmp_path / "results.json"
    chosen = ("--framework=numpy", "--benchmark-only", "--process-runs=2", "-k", "train_step-128")
    run_here(*chosen, f"--results={file}", "tests/test_latency.py", worker=lambda name: FakeWorker(name=name))
    results = read([file])
    [step], [process] = results.of("timing", "mlp"), results.of("process", "mlp")
    assert len(step["seconds"]) == len(step["roofline"]) == 2
    assert set(process["starting"]) == {"import", "building", "first step"}


def test_saved_runs_are_compared_under_the_same_conditions(benchmarks):
    def run(*options, threads="all"):
        conditions = CONDITIONS | {"threads": threads}
        return benchmarks(*options, *ONE, worker=lambda name: FakeWorker(conditions=conditions))[1]

    assert run("--benchmark-save=before").returncode == 0
    assert "(NOW)" in run("--benchmark-compare").stdout
    other = run("--benchmark-compare", "--benchmark-compare-fail=median:5%", threads=1)
    assert "(NOW)" not in other.stdout
    assert "threads all then, 1 now" in other.stdout
    assert other.returncode == pytest.ExitCode.TESTS_FAILED


def test_run_without_measurements_saves_nothing(benchmarks):
    broken = FakeWorker(build=ZeroDivisionError("division by zero"))
    found, done = benchmarks(*ONE, "--benchmark-compare", worker=lambda name: broken)
    assert found == []
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "division by zero" in done.stdout
    assert "INTERNALERROR" not in done.stdout


def test_tables_are_shown_although_nothing_can_be_saved(run_here, tmp_path):
    """The storage cannot be made, and the saved run is cut short."""
    (tmp_path / "saved.json").write_text('{"benchmarks": [')
    compare = (f"--benchmark-compare={tmp_path / 'saved.json'}", "--benchmark-compare-fail=median:5%")
    storage = ("--benchmark-autosave", "--benchmark-storage=file:///dev/null/nowhere")
    done = run_here("--benchmark-only", *ONE, *compare, *storage, "tests/test_latency.py", worker=fake)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 passed" in done.stdout
    assert "Median milliseconds" in done.stdout
    assert "NotADirectoryError" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        (("--quick", "--framework", "numpy"), "3 passed"),
        (("--compare", "--framework", "pytorch", "-k", "epoch", "--notebook-baseline"), "2 passed"),
        (("-m", "latency", "--benchmark-disable", *ONE), "1 passed"),
    ],
    ids=["quick", "notebook baseline", "disabled"],
)
def test_options_choose_the_benchmarks(run_here, options, passed):
    assert passed in run_here(*options, "tests/test_latency.py", worker=fake).stdout


def test_campaign_refuses_to_share_the_machine(run_here, monkeypatch):
    campaign = ("-m", "latency", *ONE, "tests/test_latency.py")
    assert ALONE in run_here(*campaign, "--in-process").stdout
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    with pytest.warns(PytestBenchmarkWarning, match="disabled because xdist plugin is active"):
        assert ALONE in run_here(*campaign).stdout
