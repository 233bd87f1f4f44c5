"""A session builds a network once, anew when it was changed, and records what its figures depend on."""

import hashlib
import os
import platform
from pathlib import Path

import numpy as np
import pytest

import impls
from harness.equality.trace import trace
from harness.equality.training import follow, train, train_on
from harness.measuring import floor
from harness.measuring.starting import conditions, import_seconds
from harness.measuring.timing import Unmeasurable
from harness.measuring.usage import of_fit, peak_memory
from harness.measuring.workload import Operation, first_step, prepare, rehearse
from harness.workers.events import notify
from harness.workers.session import Session
from impls.contract import NETWORKS, Settings
from impls.numpy import adapter, mnist

BATCH = np.zeros((2, 28, 28), np.uint8), np.array([1, 2])
STEP = Operation("train_step", 2, 3)
FILES = Path(adapter.__file__), Path(mnist.__file__)
OTHERS = {name: np.zeros(shape, np.float32) for name, shape in NETWORKS["mlp"].shapes.items()}


@pytest.fixture
def session():
    session = Session(lambda event, **details: None)
    session.build(impls.load, "numpy", Settings())
    return session


def test_a_fit_tells_what_each_epoch_took_and_what_is_in_use_after_it(session):
    seconds, held = session.run(of_fit, *BATCH, 3, 0.0)
    assert len(seconds) == 3
    assert min(seconds) > 0
    assert held > 2**20
    assert session.built_from is None  # it has changed the network


@pytest.mark.parametrize(("threads", "recorded"), [(None, "all"), (3, 3)])
def test_conditions_are_those_that_were_set(session, monkeypatch, threads, recorded):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 1}, raising=False)
    session.build(impls.load, "numpy", Settings(threads=threads))
    assert session.run(conditions) == {
        "numpy": np.__version__,
        "threads": recorded,
        "affinity": [1, 3],
        "device": "cpu",
        "jit_compile": False,
        "python": platform.python_version(),
        "implementation_sha256": hashlib.sha256(b"".join(map(Path.read_bytes, FILES))).hexdigest()[:12],
    }


def test_the_same_network_is_built_once(session):
    built = session.implementation
    session.call("get_parameters")
    session.run(conditions)
    session.do(peak_memory)
    session.build(impls.load, "numpy", Settings())
    assert session.implementation is built


@pytest.mark.parametrize("changes", [{"seed": 1}, {"dtype": "float64"}])
def test_another_network_is_built_anew(session, changes):
    built = session.implementation
    session.build(impls.load, "numpy", Settings(**changes))
    assert session.implementation is not built


@pytest.mark.parametrize(
    ("verb", "what", "arguments"),
    [
        ("call", "fit", (*BATCH, 1)),
        ("call", "set_parameters", (OTHERS,)),
        ("run", train, (*BATCH, 1)),
        ("run", train_on, BATCH),
        ("run", follow, (*BATCH, 1, 0, True, False)),
        ("run", trace, (*BATCH, OTHERS, 1)),
        ("run", first_step, BATCH),
        ("run", rehearse, (STEP, *BATCH)),
        ("run", prepare, (STEP, *BATCH)),
        ("run", of_fit, (*BATCH, 1, 0.0)),
    ],
)
def test_a_network_that_was_changed_is_built_anew(session, verb, what, arguments):
    before = session.call("get_parameters")
    getattr(session, verb)(what, *arguments)
    after = session.call("get_parameters")
    assert any(not np.array_equal(after[name], before[name]) for name in before)
    session.build(impls.load, "numpy", Settings())
    for name, array in session.call("get_parameters").items():
        np.testing.assert_array_equal(array, before[name])


class Lying(adapter.Adapter):
    """Is its own loss, and takes its training steps when that is read."""

    pending = ()

    def train_step(self, batch):
        self.pending = (*self.pending, batch)
        return self

    def __float__(self):
        for batch in self.pending:
            super().train_step(batch)
        self.pending = ()
        return 0.0


def test_who_returns_before_the_work_is_done_is_not_measured(session):
    session.implementation = Lying(Settings())
    with pytest.raises(Unmeasurable, match=r"synchronize\(\) does not wait"):
        session.run(prepare, STEP, *BATCH)


def test_the_floor_needs_no_framework(session):
    session.do(import_seconds, floor.NAME)
    session.build(floor.Machine, Settings(threads=1))
    assert isinstance(session.implementation, floor.Machine)


def test_what_a_task_tells_on_the_way_is_heard_by_whoever_runs_it():
    heard = []
    session = Session(lambda event, **details: heard.append((event, details)))
    session.build(impls.load, "numpy", Settings())
    session.run(train, *BATCH, 2)
    assert [event for event, _ in heard] == ["training", "epoch", "epoch", "trained"]
    assert heard[0] == ("training", {"epochs": 2})
    with pytest.raises(LookupError):
        notify("epoch")  # nobody runs a task
