"""What a campaign measured is saved with all that it depends on, and compared where it can be."""

import json

import pytest

from harness.measuring.timing import Unmeasurable
from tests.fakes import CONDITIONS, FakeWorker


@pytest.fixture
def benchmarks(run_here, tmp_path):
    """Benchmarks, as pytest-benchmark saves them, of workers that are fakes unless told otherwise; and the run."""

    def benchmarks(*arguments, worker=lambda name, **_: FakeWorker()):
        saved = tmp_path / "b.json"
        options = ("--benchmark-only", f"--benchmark-json={saved}", f"--benchmark-storage={tmp_path}")
        done = run_here(*options, *arguments, "tests/test_latency.py", worker=worker)
        return json.loads(saved.read_text())["benchmarks"] if saved.exists() else [], done

    return benchmarks


def test_who_cannot_be_measured_is_an_error_and_the_others_are_measured(benchmarks):
    def worker(name, **options):
        return FakeWorker(**({"prepare": Unmeasurable("synchronize() does not wait")} if name == "jax-mlp" else {}))

    chosen = ("--launches", "1", "--framework", "jax", "--framework", "numpy", "-k", "step-32")
    found, done = benchmarks(*chosen, worker=worker)
    assert [benchmark["param"] for benchmark in found] == ["numpy-mlp-train_step-32"]
    assert "synchronize() does not wait" in done.stdout
    assert "1 passed" in done.stdout
    assert "1 error" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_record_holds_its_launches_and_all_it_depends_on(benchmarks):
    chosen = ("--launches", "2", "--framework", "numpy", "-k", "train_step-512", "--threads", "1")
    found, done = benchmarks(*chosen, worker=None)
    assert done.returncode == 0, done.stdout
    [benchmark] = found
    info = benchmark["extra_info"]
    assert [len(samples) for samples in info["launches"]] == [30, 30]
    assert benchmark["stats"]["data"] == info["launches"][0] + info["launches"][1]
    assert info["threads"] == len(info["affinity"]) == 1
    assert (info["batch_size"], info["device"], info["jit_compile"]) == (512, "cpu", False)
    for each_launch in ("import_seconds", "first_step_seconds", "floor_seconds"):
        assert [seconds > 0 for seconds in info[each_launch]] == [True, True]
    assert {"numpy", "python", "cpu", "load_average", "garbage_collector", "implementation_sha256"} <= set(info)
    for memory in info["peak_memory_bytes"]:
        assert 20e6 < memory["import"] <= memory["building"] < 1e9  # an interpreter with NumPy holds some 30 MB
    assert "UNSERIALIZABLE" not in json.dumps(benchmark)


def test_saved_runs_are_compared_where_they_can_be(benchmarks):
    def run(*options, threads="all"):
        worker = lambda name, **_: FakeWorker(conditions=CONDITIONS | {"threads": threads})  # noqa: E731
        chosen = ("--launches", "1", "--framework", "numpy", "-k", "predict_step-1")
        return benchmarks(*options, *chosen, worker=worker)[1]

    assert run("--benchmark-save=before").returncode == 0
    assert "(NOW)" in run("--benchmark-compare").stdout
    other = run("--benchmark-compare", threads=1)
    assert "(NOW)" not in other.stdout
    assert "0001_before.json: not comparable (threads all then, 1 now" in other.stdout
    done = run("--benchmark-compare", "--benchmark-compare-fail=median:5%", threads=1)
    assert "nothing could be compared" in done.stdout
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
