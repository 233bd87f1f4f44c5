"""A run counts what it starts and trains, in all of its processes, and fails if that exceeds the budget."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import impls
from harness import tally
from harness.equality.training import train
from harness.plugin.budget import NAMES
from harness.workers.session import Session
from impls.contract import Settings

BATCH = np.zeros((2, 28, 28), np.uint8), np.array([1, 2])


@pytest.fixture
def counted(monkeypatch, tmp_path):
    """Return a function that tells what was counted since the test began."""
    file = tmp_path / "tally"
    monkeypatch.setenv(tally.VARIABLE, str(file))
    return lambda: tally.spent(file.read_text().splitlines())


def test_builds_and_trainings_of_a_session_are_counted(counted):
    session = Session(lambda event, **details: None)
    for seed in (0, 0, 1):
        session.build(impls.load, "numpy", Settings(seed=seed))
    session.run("fit", *BATCH, 2)
    session.run(train, *BATCH, 3)
    session.run("logits", BATCH[0])
    found = counted()
    assert (found["starts"], found["builds"], found["trainings"], found["epochs"]) == (1, 2, 2, 5)
    assert found["seconds"] > 0


def test_a_python_that_is_started_is_counted(counted):
    tally.add_processes()
    subprocess.run([sys.executable, "-c", ""], check=True)
    subprocess.run(["true"], check=True)
    assert counted()["programs"] == 1


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (["/here/bin/python3.11", "-m", "pytest", "-q"], "pytest"),
        (["python", "mnist.py"], "program"),
        (["python", "-c", "import sys;exec(eval(sys.stdin.readline()))"], ""),  # a process of xdist
        (["python", "-I", "harness/workers/process_tree.py", "1", "", "python", "-c", "pass"], ""),  # a worker
        (["/here/uv", "pip", "install", "numpy"], ""),
        (["git", "status"], ""),
    ],
)
def test_processes_are_told_by_their_commands(command, kind):
    assert tally.kind_of(command) == kind


@pytest.mark.parametrize(("starts", "code"), [(2, pytest.ExitCode.OK), (0, pytest.ExitCode.TESTS_FAILED)])
def test_a_run_over_its_budget_fails(run_here, monkeypatch, tmp_path, starts, code):
    monkeypatch.delenv(tally.VARIABLE, raising=False)
    budget = tmp_path / "budget.json"
    budget.write_text(json.dumps(dict.fromkeys(NAMES, 0) | {"starts": starts}))
    done = run_here(f"--budget={budget}", "--framework=numpy", "tests/test_network.py", "-k", "by_the_framework")
    assert done.returncode == code, done.stdout
    assert tally.VARIABLE not in os.environ


@pytest.mark.parametrize("content", ["{", "[]", '{"starts": 1}'])
def test_a_budget_that_is_none_is_refused(run_here, tmp_path, content):
    budget = tmp_path / "budget.json"
    budget.write_text(content)
    assert run_here(f"--budget={budget}", "tests/test_network.py").returncode == pytest.ExitCode.USAGE_ERROR
    assert run_here("--budget=nowhere.json", "tests/test_network.py").returncode == pytest.ExitCode.USAGE_ERROR
