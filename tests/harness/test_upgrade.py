"""`pytest -m regression` reports what it compares, ends with the right status, and refuses what it cannot do."""

import json
import sys
import venv

import numpy as np
import pytest

from harness.judging.sequential import Sampling
from harness.regression.environments import interpreter
from harness.regression.pair import SIDES, Pairs
from harness.regression.upgrade import Upgrade
from harness.regression.versions import Side
from harness.workers.worker import WorkerDied
from impls import PackageNotInstalled
from impls.contract import Settings
from studies.spoiled import environment, slower
from tests.fakes import FakeWorker, SpoiledNumpy

COLLECTED = [f"tests/test_{name}.py" for name in ("regression", "output", "latency")]
UNDECIDED = 5  # exit status
OTHER_LOSS = """
def log_softmax(logits):
    return 1.5 * logits - np.log(np.exp(1.5 * logits).sum(axis=1, keepdims=True))
"""
FAILING = """
def gradients(params, **layers):
    raise RuntimeError("no gradients any more")
"""


@pytest.fixture
def run(run_here, tmp_path):
    """Compare NumPy with itself, or with a candidate of another interpreter. Return the JSON and the Markdown, too.

    `worker` takes the place of both, as in `run_here`.
    """

    def run(*arguments, candidate=sys.executable, worker=None):
        saved = [tmp_path / "found.json", tmp_path / "found.md"]
        options = [f"--regression-json={saved[0]}", f"--regression-markdown={saved[1]}"]
        chosen = ["-m", "regression", "--framework", "numpy", f"--candidate-python={candidate}", *arguments]
        done = run_here(*chosen, *options, "tests/test_regression.py", worker=worker)
        return done, json.loads(saved[0].read_text()), saved[1].read_text()

    return run


@pytest.fixture
def find(dataset):
    """What is found about `claims` of NumPy, in order, with these workers: side -> worker."""

    def find(workers, *claims):
        start = lambda participant: workers.get(participant.name) or SpoiledNumpy()  # noqa: E731
        pairs = Pairs(SIDES, Settings(), dataset, start)
        upgrade = Upgrade([Side(name, name) for name in SIDES], {"numpy": [*claims]}, pairs, Sampling(seconds=60))
        return [upgrade.find("numpy", claim) for claim in claims]

    return find


def test_a_version_computes_the_same_as_itself(run):
    done, saved, markdown = run("-k", "computes", "--error=5%", worker=lambda name, **_: SpoiledNumpy())
    assert done.returncode == 0, done.stdout
    record = saved["variants"]["numpy"]
    assert [each["word"] for each in record["found"].values()] == ["identical"] * 8
    assert record["versions"]["baseline"]["numpy"] == np.__version__
    assert saved["family_error"] == 0.05
    assert "| training | identical |" in markdown


def test_a_candidate_that_computes_something_else_fails(run, tmp_path):
    done, *_ = run("-k", "gradients", candidate=environment(tmp_path / "spoiled", {"impls.numpy.mnist": OTHER_LOSS}))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "gradients changed: " in done.stdout


def test_a_slower_candidate_fails_and_its_times_are_saved(run):
    seconds = {"baseline": 1.0, "candidate": 2.0}
    done, saved, _ = run("-k", "predict_step-128", worker=lambda name, **_: FakeWorker(seconds[name]))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    found = saved["variants"]["numpy"]["found"]["predict_step-128"]
    assert (found["word"], found["launches"]) == ("worse", 8)
    assert (found["ratio"], found["low"], found["high"]) == pytest.approx((2.0, 1.0, 1.0))
    assert (found["baseline"], found["candidate"]) == ([1.0] * 8, pytest.approx([2.0] * 8))


@pytest.mark.long
def test_a_slower_candidate_is_found_with_real_workers(run, tmp_path):
    candidate = slower(tmp_path / "slower", "numpy", 2.0)
    done, saved, _ = run("--threads", "1", "-k", "predict_step-128", candidate=candidate)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    found = saved["variants"]["numpy"]["found"]["predict_step-128"]
    assert found["word"] == "worse"
    assert found["ratio"] == pytest.approx(2, rel=0.2)


def test_status_if_the_time_is_up(run):
    done, *_ = run("-k", "predict_step-128", "--max-minutes=1e-9", worker=lambda name, **_: FakeWorker())
    assert done.returncode == UNDECIDED, done.stdout
    assert "1 inconclusive" in done.stdout


def test_status_if_the_candidate_lacks_a_package(run):
    missing = {"candidate": {"build": PackageNotInstalled("jax is not installed")}}
    done, *_ = run("-k", "gradients", worker=lambda name, **_: FakeWorker(**missing.get(name, {})))
    assert done.returncode == UNDECIDED, done.stdout
    assert "jax is not installed (numpy)" in done.stdout


def test_an_interpreter_without_numpy_is_refused(run_here, tmp_path):
    venv.create(tmp_path, symlinks=True)
    chosen = ("--framework=numpy", f"--candidate-python={interpreter(tmp_path)}", "-k", "gradients")
    done = run_here(*chosen, "tests/test_regression.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "NumPy" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["-m", "regression"], "--baseline"),
        (["--baseline=keras=3"], "'keras=3'"),
        (["--baseline=ruff==0.1"], "ruff"),
        (["--baseline-python=/no/such/python"], "/no/such/python"),
        (["--baseline=keras==3", f"--baseline-python={sys.executable}"], "--baseline-python"),
        (["--baseline=keras==3", "--max-slowdown=0"], "got '0'"),
        (["--baseline=keras==3", "--max-slowdown=x%"], "got 'x%'"),
        (["--baseline=keras==3", "--error=50"], "got '50'"),
        (["--baseline=keras==3", "--max-minutes=-1"], "got '-1'"),
        (["--baseline=keras==3", "--regression-json=no/where.json"], "no/where.json"),
        (["--baseline=keras==3", "--regression-json=."], "folder"),
        (["--baseline=keras==3", "-n2"], "-n"),
        (["--baseline=keras==3", "--benchmark-only"], "--benchmark-only"),
        (["--baseline=numpy==0.0.1", "--framework=numpy"], "numpy==0.0.1"),
    ],
)
def test_impossible_comparisons_are_refused(run_here, monkeypatch, arguments, named):
    monkeypatch.setenv("UV_OFFLINE", "1")
    done = run_here(*arguments, "tests/test_regression.py")
    assert named in done.stdout
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(("side", "word"), [("candidate", "changed"), ("baseline", "missing")])
def test_an_error_in_one_check_leaves_the_others(find, side, word):
    gradients, network = find({side: SpoiledNumpy(FAILING)}, "gradients", "network")
    assert (gradients.word, network.word) == (word, "identical")
    assert "RuntimeError: no gradients any more" in gradients.reason


class Dying(SpoiledNumpy):
    """Dies in the check of gradients."""

    def run(self, function, *arguments):
        if function == "loss_and_gradients":
            self.close()
            raise WorkerDied("exit code 7")
        return super().run(function, *arguments)


@pytest.mark.parametrize(("side", "word"), [("candidate", "changed"), ("baseline", "missing")])
def test_checks_after_a_death_are_missing(find, side, word):
    logits, gradients, training = find({side: Dying()}, "logits", "gradients", "training")
    assert (logits.word, gradients.word, training.word) == ("identical", word, "missing")
    assert "exit code 7" in gradients.reason
    assert "gradients" in training.reason


class Learner(FakeWorker):
    """Has an accuracy of 0.96 + seed / 10,000 + `more(seed)` on images that it was not trained on."""

    def __init__(self, more):
        super().__init__()
        self.more = more

    def answer(self, command, *arguments):
        if command == "build":
            self.seed = arguments[2].seed
        if command == "fit":
            self.known = arguments[:2]
        if command == "evaluate":
            return 0.1, 1.0 if arguments == self.known else 0.96 + self.seed / 1e4 + self.more(self.seed)
        return super().answer(command, *arguments)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (lambda seed: 0, "same"),
        (lambda seed: -0.01, "worse"),
        (lambda seed: 0.01, "better"),
        (lambda seed: 0.01 * (-1) ** seed, "inconclusive"),
    ],
)
def test_accuracy_is_judged_over_paired_seeds(find, more, word):
    [found] = find({"baseline": Learner(lambda seed: 0), "candidate": Learner(more)}, "accuracy")
    assert (found.word, found.launches, found.unit) == (word, 8, "points")


@pytest.mark.parametrize(
    ("side", "error", "word"),
    [
        ("candidate", ValueError("no data"), "worse"),
        ("baseline", ValueError("no data"), "missing"),
        ("candidate", PackageNotInstalled("no data"), "missing"),
    ],
)
def test_accuracy_of_a_side_that_fails(find, side, error, word):
    [found] = find({name: FakeWorker(fit=error if name == side else None) for name in SIDES}, "accuracy")
    assert found.word == word
    assert "no data" in found.reason


@pytest.mark.parametrize(
    ("option", "collected", "left_out"),
    [
        ("--baseline=optax==0.1", "[jax-", ["[numpy-", "test_latency"]),  # variants without the package
        ("--framework=numpy", "test_output", ["test_regression"]),  # without versions
    ],
)
def test_collected_tests(run_here, option, collected, left_out):
    shown = run_here("--collect-only", "-q", option, *COLLECTED).stdout
    assert collected in shown
    assert not any(each in shown for each in left_out)
