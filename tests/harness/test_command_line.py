"""What a person types is understood or refused in one clear line, and one bad framework does not spoil the others."""

import xml.etree.ElementTree as ElementTree

import pytest
from pytest_benchmark.logger import PytestBenchmarkWarning

from harness.measuring.workload import OPERATIONS
from impls.numpy.adapter import Adapter
from tests.fakes import FakeWorker
from tests.project import Project


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--framework", "tensorflw"], "--framework tensorflw: no such variant; did you mean 'tensorflow'?"),
        (["--framework", "xyz"], "--framework xyz: no such variant. Expected one of jax, keras-tensorflow"),
        (["--epochs", "0"], "expected a whole number of at least 1, got '0'"),
        (["--epochs", "-1"], "expected a whole number of at least 1, got '-1'"),
        (["--epochs", "x"], "expected a whole number of at least 1, got 'x'"),
        (["--batch-size", "0"], "expected a whole number from 1 to 60,000, got '0'"),
        (["--batch-size", "60001"], "expected a whole number from 1 to 60,000, got '60001'"),
        (["--threads", "0"], "expected a whole number of at least 1, got '0'"),
        (["--worker-timeout", "-3"], "expected a positive number of seconds, got '-3'"),
        (["--in-process"], "name exactly one with --framework"),
        (["--in-process", "--framework", "keras"], "name exactly one with --framework"),
        (["--in-process", "--framework", "numpy", "--benchmark-only"], "times are taken in workers"),
        (["--notebook-baseline", "--device", "cuda"], "--notebook-baseline trains on the CPU"),
        (["--benchmark-cprofile=tottime"], "--benchmark-cprofile would profile pytest"),
        (["--launches", "0"], "expected a whole number of at least 1, got '0'"),
        (["--network", "cn"], "--network cn: no such network; did you mean 'cnn'? Expected one of mlp, cnn, all."),
        (["--referee", "numpie"], "--referee numpie: no such variant for mlp; did you mean 'numpy'?"),
        (["--network", "all", "--baseline", "numpy==1.0"], "two versions are compared on one network"),
        (["--device", "tpu"], "invalid choice: 'tpu'"),
        (["-n", "2", "--benchmark-only"], "run `pytest --benchmark-only` without -n"),
        (["-n", "2", "--seeds", "2"], "--seeds compares all variants in one process: run it without -n"),
        (["--seeds", "0"], "expected a whole number of at least 1, got '0'"),
        (["-n", "2", "--compare"], "run `pytest --compare` without -n"),
        (["--benchmark-json=no/where.json"], "--benchmark-json no/where.json: there is no folder"),
        (["--benchmark-json=."], "--benchmark-json .: this is a folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refused(run_here, arguments, message):
    done = run_here(*arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert message in done.stdout
    assert "Traceback" not in done.stdout


def test_a_missing_data_directory_stops_the_run_in_one_line(run_here):
    done = run_here("--data-dir", "nowhere", "tests/test_dataset.py", "-k", "hash")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no data: data directory nowhere does not exist" in done.stdout
    assert "Traceback" not in done.stdout


def fake(name, **_):
    return FakeWorker()


def outcomes(project, *arguments):
    """Test id -> outcome, from pytest's own report."""
    done = project.run("--junitxml=report.xml", *arguments)
    cases = ElementTree.parse(project.folder / "report.xml").iter("testcase")
    found = {
        case.get("name"): next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        for case in cases
    }
    return found, done


WARNED = """
def load_dataset(self, directory):
    import warnings
    warnings.warn('read something else instead')
    return super().load_dataset(directory)
"""
COUNTED = """
def __init__(self, settings):
    open(f'pid-{os.getpid()}', 'w').close()
    super().__init__(settings)
"""
CRASHES = {"exits": "os._exit(3)", "aborts": "os.abort()", "is_killed": "os.kill(os.getpid(), 9)"}
BROKEN = {
    "no_library": "raise ImportError('libfoo.so: undefined symbol')",
    "no_module": "import os.nothing",
    "divides": "1 / 0",
    "leaves": "exit(1)",
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory, dataset):
    """What comes of variants that crash, break, or are not installed, and of one in good health beside them."""
    project = Project(tmp_path_factory.mktemp("zoo"), dataset)
    project.add_file("impls/absent/adapter.py", "import no_such_framework\n")
    for name, death in CRASHES.items():
        project.add(name, f"def logits(self, images): {death}")
    for name, line in BROKEN.items():
        project.add_file(f"impls/{name}/adapter.py", f"import json\n{line}\n")
    frameworks = chosen("numpy", "absent", *CRASHES, *BROKEN)
    files = ("tests/test_output.py", "tests/test_network.py", "tests/test_ladder.py")
    tests = (*files, "-k", "alone or order_of_the_batch or same_seed_same or (test_logits and float64)")
    return outcomes(project, *frameworks, *tests)


def chosen(*variants):
    return [argument for variant in variants for argument in ("--framework", variant)]


def of(variant, found):
    """Test without its parameter -> outcome."""
    return {name.partition("[")[0]: outcome for name, outcome in found.items() if name.endswith(f"{variant}-mlp]")}


def test_a_missing_package_is_a_skip_that_names_it(zoo):
    found, done = zoo
    assert set(of("absent", found).values()) == {"skipped"}
    assert "no_such_framework is not installed, and absent needs it" in done.stdout


@pytest.mark.parametrize("name", BROKEN)
def test_a_framework_that_breaks_at_import_is_a_failure_that_is_told_once(zoo, name):
    found, done = zoo
    assert set(of(name, found).values()) <= {"failure", "error"}
    place = f"in the worker of {name}: impls/{name}/adapter.py:2"
    places = [line for line in done.stdout.splitlines() if place in line]
    assert len([place for place in places if place.startswith("E ")]) == 1  # CI's summary repeats the message


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_fails_its_test_and_the_next_one_gets_a_fresh_worker(zoo, name):
    found, done = zoo
    assert of(name, found) == {
        "test_an_image_alone_has_the_logits_it_has_in_a_batch": "failure",
        "test_order_of_the_batch_does_not_matter": "failure",
        "test_same_seed_same_parameters_other_seed_others": "passed",
        "test_logits": "failure",
    }
    assert f"the worker of {name} died during 'logits': exit code" in done.stdout


def test_the_ladder_has_no_column_for_what_is_not_installed(zoo):
    _, done = zoo
    [columns] = [line.split() for line in done.stdout.splitlines() if line.split()[:3] == ["rung", "dtype", "limit"]]
    assert "numpy" in columns
    assert "no_module" in columns, "it is missing, as it failed"
    assert "absent" not in columns


def test_who_is_in_good_health_does_not_notice(zoo):
    found, _ = zoo
    assert set(of("numpy", found).values()) == {"passed"}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, dataset):
    """What comes of new files beside NumPy, under pytest-xdist: all tests of the network and of the data set."""
    project = Project(tmp_path_factory.mktemp("fresh"), dataset)
    project.add("counted", COUNTED)
    project.add("warned", WARNED)
    frameworks = chosen("counted", "numpy", "warned")
    return *outcomes(project, "-n", "2", *frameworks, "tests/test_network.py", "tests/test_dataset.py"), project.folder


def test_one_new_file_is_a_new_variant_in_every_test(fresh):
    found, done, _ = fresh
    assert len(of("counted", found)) > 5
    assert of("counted", found).keys() == of("numpy", found).keys()
    assert set(found.values()) == {"passed"}, done.stdout


def test_a_warning_of_a_worker_is_a_note_at_the_end(fresh):
    _, done, _ = fresh
    assert done.stdout.count("note [warned]: read something else instead") == 1


def test_under_xdist_all_tests_of_one_framework_share_a_worker(fresh):
    assert len(list(fresh[2].glob("pid-*"))) == 1


def test_in_process_runs_the_framework_inside_pytest(run_here, monkeypatch):
    """So it is this process' NumPy adapter that is tested, and here it counts wrong."""
    monkeypatch.setattr(Adapter, "parameter_count", lambda self: 0)
    test = ("--framework", "numpy", "tests/test_network.py", "-k", "by_the_framework")
    assert run_here("--in-process", *test).returncode == pytest.ExitCode.TESTS_FAILED


def test_benchmarks_run_when_asked_for_and_then_alone(run_here, tmp_path):
    tests = ("--framework", "numpy", "tests/test_latency.py", "tests/test_network.py")
    assert "test_latency" not in run_here("--collect-only", "-q", *tests).stdout
    done = run_here(*tests, "--benchmark-only", f"--junitxml={tmp_path / 'report.xml'}", worker=fake)
    names = [case.get("name") for case in ElementTree.parse(tmp_path / "report.xml").iter("testcase")]
    assert names == [f"test_latency[numpy-mlp-{operation}]" for operation in OPERATIONS]
    assert f"{len(OPERATIONS)} passed" in done.stdout
    assert done.stdout.count("launch 1 of 3") == done.stdout.count("launch 3 of 3") == 1


def test_what_cannot_be_saved_or_compared_costs_nobody_the_tables(project):
    """A plugin that warns while it starts or ends, a cache and a storage that cannot be made, a saved run cut short."""
    project.add_file("saved.json", '{"benchmarks": [')
    project.add_file("warns.py", "import warnings\ndef pytest_configure(): warnings.warn('soon to be removed')\n")
    compare = ("--benchmark-compare=saved.json", "--benchmark-compare-fail=median:5%")
    storage = ("--benchmark-autosave", "--benchmark-storage=file:///dev/null/nowhere")
    cache = ("-p", "cacheprovider", "-o", "cache_dir=/dev/null/nowhere", "-p", "warns")
    campaign = ("--framework", "numpy", "--benchmark-only", "--launches", "1", "-k", "predict_step-1]")
    done = project.run(*campaign, *compare, *storage, *cache, PYTHONPATH=str(project.folder))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 passed" in done.stdout
    assert "Median milliseconds" in done.stdout
    assert "--benchmark-compare-fail: nothing could be compared" in done.stdout
    assert "what was measured could not be saved: NotADirectoryError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.filterwarnings("ignore::pytest_benchmark.logger.PytestBenchmarkWarning")
def test_where_nothing_was_measured_nothing_is_saved_and_the_reason_is_shown(run_here, tmp_path):
    campaign = ("--framework", "numpy", "--benchmark-only", "--launches", "1", "-k", "predict_step-1]")
    saved = (f"--benchmark-json={tmp_path / 'run.json'}", "--benchmark-compare", f"--benchmark-storage={tmp_path}")
    broken = FakeWorker(build=ZeroDivisionError("division by zero"))
    done = run_here(*campaign, *saved, "tests/test_latency.py", worker=lambda *_, **__: broken)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert not (tmp_path / "run.json").exists()
    assert "numpy-mlp could not be measured: division by zero" in done.stdout
    assert "INTERNALERROR" not in done.stdout


def test_who_computes_in_float32_cannot_be_the_referee(run_here, monkeypatch):
    monkeypatch.setattr(Adapter, "known_deviation", lambda self: "all is float32")
    rung = ("tests/test_ladder.py", "-k", "test_logits and float64", "--framework", "numpy")
    done = run_here("--in-process", *rung)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "--referee numpy: all is float32" in done.stdout


def test_a_campaign_refuses_to_share_the_machine(run_here, monkeypatch):
    campaign = ("-m", "latency", "--framework", "numpy", "tests/test_latency.py", "-k", "fit")
    assert "a campaign needs the machine for itself" in run_here(*campaign, "--in-process").stdout
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    with pytest.warns(PytestBenchmarkWarning, match="disabled because xdist plugin is active"):
        assert "a campaign needs the machine for itself" in run_here(*campaign).stdout


def test_a_quick_look_takes_one_short_launch_and_says_what_it_cannot_show(run_here):
    done = run_here("--quick", "--framework", "numpy", "tests/test_latency.py", worker=fake)
    assert "3 passed" in done.stdout
    assert done.stdout.count("launch 1 of 1") == 1
    assert "One launch" in done.stdout
    assert "shows that it runs, not who is faster" in done.stdout
    assert "Epochs of training: 1. Asked of the accuracy: 94%; 97% after 10 epochs." in done.stdout


def test_a_table_says_what_a_launch_more_buys(run_here):
    done = run_here("--compare", "--framework", "numpy", "tests/test_latency.py", worker=fake)
    assert "The 95 % interval of a mean of 3 launches is ±2.5 such deviations; with a launch less ±9.0." in done.stdout
    assert "Load average at the start: " in done.stdout


def test_with_a_framework_only_what_is_about_it_runs_unless_files_are_named(run_here):
    about = run_here("--collect-only", "-q", "--framework", "jax").stdout
    tests = [line for line in about.splitlines() if line.startswith("tests/")]
    assert len(tests) > 50
    assert [test for test in tests if "[jax" not in test and "-jax" not in test] == []
    named = run_here("--collect-only", "-q", "--framework", "jax", "tests/test_bad_input.py").stdout
    assert "test_settings[seed--1-ValueError]" in named


def test_the_notebook_way_takes_part_if_wanted(run_here):
    campaign = ("--framework", "pytorch", "tests/test_latency.py", "-k", "epoch")
    assert "1 passed" in run_here("--benchmark-only", *campaign, worker=fake).stdout
    for what in ("--benchmark-only", "--compare"):
        done = run_here(what, *campaign, "--notebook-baseline", worker=fake)
        assert "2 passed" in done.stdout
        assert "pytorch         1.00     1.00          1.00" in done.stdout  # seconds, and times faster


def test_compare_ends_with_tables_of_every_variant(project):
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
    assert "after 1 epochs, expected at least 94%" in done.stdout
    assert "no_such_framework is not installed" in " ".join(done.stdout.split())
    assert done.stdout.count("One network in every framework") == 1
    assert "in multiples of the floor" in campaign
    assert done.returncode == pytest.ExitCode.TESTS_FAILED


def of_accuracy(accuracy):
    """Members of an adapter that learns this at once, and with another seed a bit more."""

    def fit(self, images, labels, epochs, on_epoch):
        on_epoch(1, 0.1)
        return {"loss": [0.1]}

    return {"fit": fit, "evaluate": lambda self, *_: (0.1, accuracy + self.settings.seed / 10_000)}


def test_seeds_state_whether_the_mean_accuracies_agree(run_here, add_variant):
    for name, accuracy in (("one", 0.98), ("other", 0.98), ("worse", 0.972)):
        add_variant(name, **of_accuracy(accuracy))
    arguments = ("--in-process", "tests/test_accuracy.py", "--seeds", "3", "--epochs", "1", "--framework", "one")
    agreeing = run_here(*arguments, "--framework", "other")
    assert agreeing.returncode == pytest.ExitCode.OK
    assert "1 of 1 pairs of means agree within 0.2%" in agreeing.stdout
    differing = run_here(*arguments, "--framework", "worse")
    assert differing.returncode == pytest.ExitCode.TESTS_FAILED
    assert "one - worse: different, +0.800%" in differing.stdout
