"""A run counts what it starts and trains, in all of its processes, and fails if that exceeds the budget."""

import json

import numpy as np
import pytest

import impls
from harness import tally
from harness.equality.training import train
from harness.plugin.budget import NAMES
from harness.workers.session import Session
from impls.contract import Settings

BATCH = np.zeros((2, 28, 28), np.uint8), np.array([1, 2])


def test_builds_and_trainings_of_a_session_are_counted(monkeypatch, tmp_path):
    monkeypatch.setenv(tally.VARIABLE, str(tmp_path / "tally"))
    session = Session(lambda event, **details: None)
    for seed in (0, 0, 1):
        session.build(impls.load, "numpy", Settings(seed=seed))
    session.run("fit", *BATCH, 2)
    session.run(train, *BATCH, 3)
    session.run("logits", BATCH[0])
    found = tally.spent((tmp_path / "tally").read_text().splitlines())
    assert [found[name] for name in ("starts", "trainings", "epochs")] == [1, 2, 5]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (dict.fromkeys(NAMES, 0) | {"starts": 2}, pytest.ExitCode.OK),
        (dict.fromkeys(NAMES, 0), pytest.ExitCode.TESTS_FAILED),
        ({"starts": 1}, pytest.ExitCode.USAGE_ERROR),
    ],
    ids=["within", "exceeded", "incomplete"],
)
def test_status_of_a_run_with_a_budget(run_here, monkeypatch, tmp_path, content, status):
    monkeypatch.delenv(tally.VARIABLE, raising=False)
    budget = tmp_path / "budget.json"
    budget.write_text(json.dumps(content))
    done = run_here(f"--budget={budget}", "--framework=numpy", "tests/test_network.py", "-k", "by_the_framework")
    assert done.returncode == status, done.stdout
