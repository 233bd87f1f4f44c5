"""`pytest -m regression` says what it compares, ends with the right status, and refuses what it cannot do."""

import itertools
import json
import sys
import venv
from types import SimpleNamespace

import numpy as np
import pytest

from harness.regression.environments import interpreter
from harness.regression.pair import SIDES
from harness.regression.upgrade import Upgrade
from harness.regression.versions import Side
from harness.workers.worker import WorkerDied
from impls import PackageNotInstalled
from impls.contract import Settings
from studies.spoiled import environment, slower
from tests.fakes import FakeWorker, SpoiledNumpy

COLLECTED = [f"tests/test_{name}.py" for name in ("regression", "output", "latency")]
OTHER_LOSS = """
def log_softmax(logits):
    return 1.5 * logits - np.log(np.exp(1.5 * logits).sum(axis=1, keepdims=True))
"""


@pytest.fixture
def run(run_here, tmp_path):
    """Runs a comparison of NumPy with itself, or with a candidate of another interpreter, and gives what is saved, too.

    `worker` takes the place of both, as in `run_here`.
    """

    def run(*arguments, candidate=sys.executable, worker=None):
        arguments = (*arguments, "-m", "regression", "--framework", "numpy", f"--candidate-python={candidate}")
        saved = [tmp_path / "found.json", tmp_path / "found.md"]
        options = [f"--regression-json={saved[0]}", f"--regression-markdown={saved[1]}"]
        done = run_here(*arguments, *options, "tests/test_regression.py", worker=worker)
        return done, json.loads(saved[0].read_text())["variants"]["numpy"], saved[1].read_text()

    return run


def test_a_version_beside_itself_computes_the_same(run):
    done, record, markdown = run("-k", "computes", worker=lambda name, **_: SpoiledNumpy())
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout
    assert {each["word"] for each in record["found"].values()} == {"identical"}
    assert record["versions"]["baseline"]["numpy"] == np.__version__
    assert "| training | identical |" in markdown


def test_checks_are_made_on_two_lanes_if_there_are_two(dataset):
    for lanes, expected in [(1, {0}), (3, {0, 1})]:
        seen = set()
        start = lambda participant, seen=seen: (seen.add(participant.lane), SpoiledNumpy())[1]  # noqa: E731
        sides = [Side(name, name) for name in SIDES]
        Upgrade(sides, {"numpy": ["network"]}, Settings(), dataset, start, 0.05, 1, lanes=lanes).find(
            "numpy", "network"
        )
        assert seen == expected


@pytest.mark.parametrize(("option", "error"), [((), 0.01), (("--error=5%",), 0.05)])
def test_the_chance_of_an_error_is_the_one_that_was_asked_for(run_here, tmp_path, option, error):
    saved = tmp_path / "found.json"
    chosen = ("-m", "regression", "--framework=numpy", "-k", "network", f"--candidate-python={sys.executable}")
    arguments = (*chosen, *option, f"--regression-json={saved}", "tests/test_regression.py")
    run_here(*arguments, worker=lambda *_, **__: SpoiledNumpy())
    assert json.loads(saved.read_text())["family_error"] == error


def test_a_candidate_that_computes_something_else_fails(run, tmp_path):
    done, *_ = run("-k", "gradients", candidate=environment(tmp_path / "spoiled", {"impls.numpy.mnist": OTHER_LOSS}))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "FAILED" in done.stdout
    assert "gradients changed: " in done.stdout


def test_a_candidate_that_is_slower_fails_and_its_times_are_kept(run):
    seconds = {"baseline": 1.0, "candidate": 2.0}
    done, record, _ = run("-k", "predict_step-128", worker=lambda name, **_: FakeWorker(seconds[name]))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    found = record["found"]["predict_step-128"]
    assert found["word"] == "worse"
    assert (found["ratio"], found["change"], found["low"], found["high"]) == pytest.approx((2.0, 1.0, 1.0, 1.0))
    assert (found["baseline"], found["candidate"]) == ([1.0] * 8, pytest.approx([2.0] * 8))
    assert found["launches"] == 8


@pytest.mark.long
def test_a_candidate_that_is_slower_is_found_so_by_real_workers(run, tmp_path):
    candidate = slower(tmp_path / "slower", "numpy", 2.0)
    done, record, _ = run("--threads", "1", "-k", "predict_step-128", candidate=candidate)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    found = record["found"]["predict_step-128"]
    assert found["word"] == "worse"
    assert found["ratio"] == pytest.approx(2, rel=0.2)
    assert len(found["baseline"]) == len(found["candidate"]) == found["launches"] >= 8


def test_where_nothing_is_decided_the_status_says_so(run, monkeypatch):
    ticks = itertools.count()  # seconds
    monkeypatch.setattr("harness.regression.comparison.time", SimpleNamespace(monotonic=ticks.__next__))
    done, *_ = run("-k", "predict_step-128", "--max-minutes", "0.1", worker=lambda name, **_: FakeWorker())
    assert done.returncode == 5, done.stdout
    assert "1 inconclusive" in done.stdout
    assert "predict_step-128 inconclusive: 8 launches are needed (numpy)" in done.stdout


def test_a_candidate_without_the_package_is_missing_by_name(run):
    missing = {"candidate": {"build": PackageNotInstalled("jax is not installed")}}
    done, *_ = run("-k", "gradients", worker=lambda name, **_: FakeWorker(**missing.get(name, {})))
    assert done.returncode == 5, done.stdout
    assert "gradients missing: PackageNotInstalled: jax is not installed (numpy)" in done.stdout


def test_an_interpreter_without_numpy_is_refused_in_a_line(run_here, tmp_path):
    venv.create(tmp_path, symlinks=True)
    chosen = ("--framework=numpy", f"--candidate-python={interpreter(tmp_path)}", "-k", "gradients")
    done = run_here(*chosen, "tests/test_regression.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "No module named 'numpy'" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "regression"], "say which versions to compare: pytest -m regression --baseline"),
        (["--baseline=keras=3"], "'keras=3' is no requirement such as \"keras==3.14.1\""),
        (["--baseline=ruff==0.1"], "nothing here depends on ruff; name with --framework"),
        (["--baseline-python=/no/such/python"], "/no/such/python: there is no such interpreter"),
        (["--baseline=keras==3", f"--baseline-python={sys.executable}"], "say one of both"),
        (["--baseline=keras==3", "--max-slowdown=0"], "expected a percentage above 0, such as 5, got '0'"),
        (["--baseline=keras==3", "--max-slowdown=x%"], "expected a percentage above 0, such as 5, got 'x%'"),
        (["--baseline=keras==3", "--error=50"], "expected a percentage above 0 and below 50, such as 1, got '50'"),
        (["--baseline=keras==3", "--error=0"], "expected a percentage above 0 and below 50, such as 1, got '0'"),
        (["--baseline=keras==3", "--max-minutes=-1"], "expected a number of minutes above 0, got '-1'"),
        (["--baseline=keras==3", "--regression-json=no/where.json"], "there is no folder"),
        (["--baseline=keras==3", "--regression-json=."], "this is a folder"),
        (["--baseline=keras==3", "-n2"], "leave out -n"),
        (["--baseline=keras==3", "--benchmark-only"], "leave out --benchmark-only and --compare"),
        (["--baseline=numpy==0.0.1", "--framework=numpy"], "no environment with numpy==0.0.1 can be built: "),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(run_here, monkeypatch, arguments, message):
    monkeypatch.setenv("UV_OFFLINE", "1")
    done = run_here(*arguments, "tests/test_regression.py")
    assert message in done.stdout
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in done.stdout


FAILING = """
def gradients(params, **layers):
    raise RuntimeError("no gradients any more")
"""


class Dying(SpoiledNumpy):
    """Dies when it is asked for gradients."""

    def run(self, function, *arguments):
        if function == "loss_and_gradients":
            self.close()
            raise WorkerDied("exit code 7")
        return super().run(function, *arguments)


@pytest.fixture
def find(dataset):
    """What NumPy's checks find if one side is another worker."""

    def find(worker, side, checks):
        sides = [Side(name, name) for name in SIDES]
        start = lambda participant: worker if participant.name == side else SpoiledNumpy()  # noqa: E731
        upgrade = Upgrade(sides, {"numpy": checks}, Settings(), dataset, start, 0.05, minutes=1)
        return [upgrade.find("numpy", check) for check in checks]

    return find


def test_a_candidate_that_fails_has_changed_and_is_asked_for_the_rest(find):
    gradients, network = find(SpoiledNumpy(FAILING), "candidate", ["gradients", "network"])
    assert gradients.word == "changed"
    assert "RuntimeError: no gradients any more" in gradients.reason
    assert network.word == "identical"


def test_if_the_baseline_fails_it_is_not_known_whether_anything_changed(find):
    [gradients] = find(SpoiledNumpy(FAILING), "baseline", ["gradients"])
    assert (gradients.word, gradients.reason) == ("missing", "RuntimeError: no gradients any more")


@pytest.mark.parametrize(("side", "word"), [("candidate", "changed"), ("baseline", "missing")])
def test_after_a_death_the_rest_is_missing(find, side, word):
    logits, gradients, training = find(Dying(), side, ["logits", "gradients", "training"])
    assert (logits.word, gradients.word, training.word) == ("identical", word, "missing")
    assert "exit code 7" in gradients.reason
    assert training.reason == "WorkerDied: not tried, as a worker died in gradients"


class Learner(FakeWorker):
    """Has the accuracy that it is told to, by side and seed; what it was trained on it knows by heart."""

    def __init__(self, side, accuracy):
        super().__init__()
        self.side, self.accuracy = side, accuracy

    def answer(self, command, *arguments):
        if command == "build":
            self.seed = arguments[2].seed
        if command == "fit":
            self.known = arguments[:2]
        if command == "evaluate":
            return 0.1, 1.0 if arguments == self.known else self.accuracy(self.side, self.seed)
        return super().answer(command, *arguments)


@pytest.mark.parametrize(
    ("accuracy", "word", "seeds"),
    [
        (lambda side, seed: 0.96 + seed / 1e4, "same", 8),
        (lambda side, seed: 0.96 + seed / 1e4 - 0.01 * (side == "candidate"), "worse", 8),
        (lambda side, seed: 0.96 + seed / 1e4 + 0.01 * (side == "candidate"), "better", 8),
        (lambda side, seed: 0.96 + 0.01 * (side == "candidate") * (-1) ** seed, "inconclusive", 8),
    ],
    ids=["the same", "less", "more", "scattered"],
)
def test_accuracy_is_judged_over_paired_seeds(dataset, accuracy, word, seeds):
    sides = (Side("baseline", "python"), Side("candidate", "python"))
    start = lambda participant: Learner(participant.name, accuracy)  # noqa: E731
    upgrade = Upgrade(sides, {"numpy": ["accuracy"]}, Settings(), dataset, start, 0.05, minutes=1)
    found = upgrade.find("numpy", "accuracy")
    assert (found.word, found.launches) == (word, seeds)
    assert found.unit == "points"
    installed = {"numpy": "1.0", "python": "3.11"}
    assert upgrade.versions["numpy"] == {"baseline": installed, "candidate": installed}


@pytest.mark.parametrize(
    ("errors", "word", "reason"),
    [
        ({"candidate": ValueError("x")}, "worse", "the candidate fails where the baseline does not: ValueError: x"),
        ({"baseline": ValueError("x")}, "missing", "ValueError: x"),
        ({"candidate": PackageNotInstalled("no jax")}, "missing", "PackageNotInstalled: no jax"),
    ],
    ids=["candidate", "baseline", "package"],
)
def test_who_fails_to_learn_is_named(dataset, errors, word, reason):
    sides = (Side("baseline", "python"), Side("candidate", "python"))
    start = lambda participant: FakeWorker(fit=errors.get(participant.name))  # noqa: E731
    found = Upgrade(sides, {"numpy": ["accuracy"]}, Settings(), dataset, start, 0.05, 1).find("numpy", "accuracy")
    assert (found.word, found.reason) == (word, reason)


def test_variants_that_do_not_depend_on_it_do_not_run(run_here):
    done = run_here("--collect-only", "-q", "--baseline=optax==0.1", *COLLECTED)
    assert "[jax-" in done.stdout
    assert "[numpy-" not in done.stdout
    assert "test_latency" not in done.stdout


def test_without_versions_nothing_of_it_runs(run_here):
    collected = run_here("--collect-only", "-q", "--framework=numpy", *COLLECTED).stdout
    assert "test_output" in collected
    assert "test_regression" not in collected
