"""A session builds a network once, anew when it was changed, and records what its figures depend on."""

import hashlib
import os
import platform
from pathlib import Path

import numpy as np
import pytest

import impls.numpy
from harness import floor
from harness.session import Session
from harness.timing import Unmeasurable
from impls.contract import Settings

BATCH = np.zeros((2, 28, 28), np.uint8), np.array([1, 2])


@pytest.fixture
def session():
    session = Session(lambda event, **details: None)
    session.call("build", "numpy", {})
    return session


def test_each_epoch_of_a_fit_tells_what_it_took_and_what_is_held(session):
    epochs = session.call("epochs", *BATCH, 3)
    assert len(epochs) == 3
    assert all(seconds > 0 and held > 2**20 for seconds, held in epochs)
    assert session.built_from is None  # it has changed the network


@pytest.mark.parametrize(("threads", "recorded"), [(None, "all"), (3, 3)])
def test_conditions_are_those_that_were_set(session, monkeypatch, threads, recorded):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 1}, raising=False)
    session.call("build", "numpy", {"threads": threads})
    assert session.call("conditions") == {
        "numpy": np.__version__,
        "threads": recorded,
        "affinity": [1, 3],
        "kept_variables": "none",
        "device": "cpu",
        "jit_compile": False,
        "python": platform.python_version(),
        "implementation_sha256": hashlib.sha256(Path(impls.numpy.__file__).read_bytes()).hexdigest()[:12],
    }


def test_the_same_network_is_built_once(session):
    built = session.implementation
    for question in ("get_parameters", "parameter_count", "conditions"):
        session.call(question)
    session.call("build", "numpy", {})
    assert session.implementation is built


@pytest.mark.parametrize("changes", [{"seed": 1}, {"dtype": "float64"}])
def test_another_network_is_built_anew(session, changes):
    built = session.implementation
    session.call("build", "numpy", changes)
    assert session.implementation is not built


@pytest.mark.parametrize("command", ["fit", "train", "train_on", "first_step", "set_parameters"])
def test_a_network_that_was_changed_is_built_anew(session, command):
    before = session.call("get_parameters")
    arguments = {"fit": (*BATCH, 1), "train": (*BATCH, 1)}.get(command, BATCH)
    if command == "set_parameters":
        arguments = [{name: array + 1 for name, array in before.items()}]
    session.call(command, *arguments)
    assert not np.array_equal(session.call("get_parameters")["dense_3/bias"], before["dense_3/bias"])
    session.call("build", "numpy", {})
    for name, array in session.call("get_parameters").items():
        np.testing.assert_array_equal(array, before[name])


class Lying(impls.numpy.Classifier):
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
        session.call("prepare", ("train_step", 2, 3), *BATCH)


def test_the_floor_needs_no_framework(session):
    session.call("import_", floor.NAME)
    session.call("build", floor.NAME, {"threads": 1})
    assert isinstance(session.implementation, floor.Machine)
