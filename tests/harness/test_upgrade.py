"""`pytest -m regression` says what it compares, ends with the right status, and refuses what it cannot do."""

import json
import subprocess
import sys

import numpy as np
import pytest

from harness.proxy import Worker
from harness.regression.spoiled import environment, slower
from harness.regression.upgrade import Upgrade
from harness.regression.versions import Side
from impls import PackageNotInstalled
from impls.contract import Settings

OTHER_LOSS = """
def log_softmax(logits):
    return 1.5 * logits - np.log(np.exp(1.5 * logits).sum(axis=1, keepdims=True))
"""


@pytest.fixture
def run(project):
    """Runs a comparison of NumPy with itself, or with a candidate of another interpreter."""

    def run(*arguments, candidate=sys.executable):
        arguments = (*arguments, "-m", "regression", "--framework", "numpy", f"--candidate-python={candidate}")
        return project.run(*arguments)

    return run


def test_a_version_beside_itself_computes_the_same(run, project):
    done = run("-k", "computes", "--regression-json=found.json", "--regression-markdown=found.md")
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout
    record = json.loads((project.folder / "found.json").read_text())
    found = record["variants"]["numpy"]["found"]
    assert {each["word"] for each in found.values()} == {"identical"}
    assert record["variants"]["numpy"]["versions"]["baseline"]["numpy"] == np.__version__
    assert "| training | identical |" in (project.folder / "found.md").read_text()


def test_a_candidate_that_computes_something_else_fails(run, tmp_path):
    done = run("-k", "gradients", candidate=environment(tmp_path / "spoiled", "impls.numpy", OTHER_LOSS))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "FAILED" in done.stdout
    assert "gradients changed: " in done.stdout


def test_a_candidate_that_is_slower_fails_and_its_times_are_kept(run, project, tmp_path):
    done = run("-k", "predict_step-128", "--regression-json=found.json", candidate=slower(tmp_path / "s", "numpy", 2.0))
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    found = json.loads((project.folder / "found.json").read_text())["variants"]["numpy"]["found"]["predict_step-128"]
    assert found["word"] == "worse"
    assert found["low"] < found["change"] < found["high"]
    assert found["ratio"] == pytest.approx(2, rel=0.2)
    assert len(found["baseline"]) == len(found["candidate"]) == found["launches"] >= 7


def test_where_nothing_is_decided_the_status_says_so(run):
    done = run("-k", "predict_step-128", "--max-minutes", "0.001")
    assert done.returncode == 5, done.stdout
    assert "1 inconclusive" in done.stdout
    assert "predict_step-128 inconclusive: 7 launches are needed (numpy)" in done.stdout


def test_an_interpreter_without_numpy_is_refused_in_a_line(run, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty"], check=True)
    done = run("-k", "gradients", candidate=tmp_path / "empty" / "bin" / "python")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert "is no usable interpreter: NumPy cannot be imported there: ModuleNotFoundError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "regression"], "say which versions to compare: pytest -m regression --baseline"),
        (["--baseline=keras=3"], "'keras=3' is no requirement such as \"keras==3.14.1\""),
        (["--baseline=ruff==0.1"], "nothing here depends on ruff; name with --framework"),
        (["--baseline-python=/no/such/python"], "/no/such/python: there is no such interpreter"),
        (["--baseline=keras==3", f"--baseline-python={sys.executable}"], "say one of both"),
        (["--baseline=keras==3", "--host=ssh=there"], "say which interpreter there, with --baseline-python"),
        (["--baseline=keras==3", "--max-slowdown=0"], "expected a percentage above 0, such as 5, got '0'"),
        (["--baseline=keras==3", "--max-slowdown=x%"], "expected a percentage above 0, such as 5, got 'x%'"),
        (["--baseline=keras==3", "--max-minutes=-1"], "expected a number of minutes above 0, got '-1'"),
        (["--baseline=keras==3", "--regression-json=no/where.json"], "there is no folder"),
        (["--baseline=keras==3", "--regression-json=."], "this is a folder"),
        (["--baseline=keras==3", "-n2"], "leave out -n"),
        (["--baseline=keras==3", "--benchmark-only"], "leave out --benchmark-only and --compare"),
        (["--host=ssh=there"], "say which, with --*-python"),
        (["--baseline=numpy==0.0.1", "--framework=numpy"], "no environment with numpy==0.0.1 can be built: "),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(project, arguments, message):
    done = project.run(*arguments, UV_OFFLINE="1")
    assert message in done.stdout + done.stderr
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in done.stdout + done.stderr


FAILING = """
def loss_and_gradients(parameters, x, labels):
    raise RuntimeError("no gradients any more")
"""
DYING = """
def loss_and_gradients(parameters, x, labels):
    import os
    os._exit(7)
"""


@pytest.fixture
def find(tmp_path, mnist):
    """What NumPy's checks find if one side is spoiled by `code`."""

    def find(code, side, checks):
        pythons = {"baseline": sys.executable, "candidate": sys.executable}
        pythons[side] = environment(tmp_path / "spoiled", "impls.numpy", code)
        start = lambda participant: Worker(participant.name, python=participant.python)  # noqa: E731
        sides = [Side(*each) for each in pythons.items()]
        upgrade = Upgrade(sides, {"numpy": checks}, Settings(), mnist, start, 0.05, minutes=1)
        return [upgrade.find("numpy", check) for check in checks]

    return find


def test_a_candidate_that_fails_has_changed_and_is_asked_for_the_rest(find):
    gradients, network = find(FAILING, "candidate", ["gradients", "network"])
    assert gradients.word == "changed"
    assert "RuntimeError: no gradients any more" in gradients.reason
    assert network.word == "identical"


def test_if_the_baseline_fails_it_is_not_known_whether_anything_changed(find):
    [gradients] = find(FAILING, "baseline", ["gradients"])
    assert (gradients.word, gradients.reason) == ("missing", "RuntimeError: no gradients any more")


@pytest.mark.parametrize(("side", "word"), [("candidate", "changed"), ("baseline", "missing")])
def test_after_a_death_the_rest_is_missing(find, side, word):
    logits, gradients, training = find(DYING, side, ["logits", "gradients", "training"])
    assert (logits.word, gradients.word, training.word) == ("identical", word, "missing")
    assert "exit code 7" in gradients.reason
    assert training.reason == "WorkerDied: not tried, as a worker died in gradients"


class Learner:
    """A worker whose accuracy after an epoch depends on its seed, and is as told; an error is raised."""

    def __init__(self, side, accuracies):
        self.side, self.accuracies = side, accuracies

    def call(self, command, *arguments):
        if command == "fit" and isinstance(self.accuracies, dict) and self.side in self.accuracies:
            raise self.accuracies[self.side]
        if command == "build":
            self.seed = arguments[1]["seed"]
        if command == "evaluate":
            return 0.1, self.accuracies(self.side, self.seed)
        return {"numpy": "1.0", "python": "3.11"} if command == "installed" else None

    def close(self):
        pass


@pytest.mark.parametrize(
    ("accuracies", "word", "seeds"),
    [
        (lambda side, seed: 0.96 + seed / 1e4, "same", 7),
        (lambda side, seed: 0.96 + seed / 1e4 - 0.01 * (side == "candidate"), "worse", 7),
        (lambda side, seed: 0.96 + seed / 1e4 + 0.01 * (side == "candidate"), "better", 7),
        (lambda side, seed: 0.96 + 0.01 * (side == "candidate") * (-1) ** seed, "inconclusive", 7),
    ],
    ids=["the same", "less", "more", "scattered"],
)
def test_accuracy_is_judged_over_paired_seeds(mnist, accuracies, word, seeds):
    sides = (Side("baseline", "python"), Side("candidate", "python"))
    start = lambda participant: Learner(participant.name, accuracies)  # noqa: E731
    upgrade = Upgrade(sides, {"numpy": ["accuracy"]}, Settings(), mnist, start, 0.05, minutes=1)
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
def test_who_fails_to_learn_is_named(mnist, errors, word, reason):
    sides = (Side("baseline", "python"), Side("candidate", "python"))
    start = lambda participant: Learner(participant.name, errors)  # noqa: E731
    found = Upgrade(sides, {"numpy": ["accuracy"]}, Settings(), mnist, start, 0.05, 1).find("numpy", "accuracy")
    assert (found.word, found.reason) == (word, reason)


def test_variants_that_do_not_depend_on_it_do_not_run(project):
    done = project.run("--collect-only", "-q", "--baseline=optax==0.1")
    assert "[jax-" in done.stdout
    assert "[numpy-" not in done.stdout
    assert "test_latency" not in done.stdout


def test_without_versions_nothing_of_it_runs(project):
    assert "test_regression" not in project.run("--collect-only", "-q", "--framework=numpy").stdout
