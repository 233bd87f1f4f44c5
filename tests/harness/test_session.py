"""A session builds a network once, and anew after a change."""

import warnings

import numpy as np
import pytest

import impls
from harness.equality.trace import trace
from harness.equality.training import train
from harness.measuring.starting import conditions
from harness.measuring.usage import fit_usage, peak_memory
from harness.measuring.workload import Operation, prepare
from harness.workers.session import KEPT, WARNINGS, Session, notify
from harness.workers.wire import dumps, loads
from impls import quantization
from impls.contract import NETWORKS, Settings
from impls.quantization import Scales

BATCH = np.zeros((2, 28, 28), np.uint8), np.array([1, 2])
STEP = Operation("train_step", 2, 3)
LAYERS = {"dense_1": 512, "dense_2": 256, "dense_3": 10}
SCALES = Scales(
    "mlp", {name: np.full(size, 2.0**-7, "float32") for name, size in LAYERS.items()}, dict.fromkeys(LAYERS, 2.0**-7), 1
)
OTHERS = {name: np.zeros(shape, np.float32) for name, shape in NETWORKS["mlp"].shapes.items()}


@pytest.fixture
def events():
    return []


@pytest.fixture
def session(events):
    session = Session(lambda event, **details: events.append((event, details)))
    session.build(impls.load, "numpy", Settings(threads=3))
    return session


def test_unchanged_network_is_built_once(session):
    built = session.implementation
    for function in ("get_parameters", conditions, peak_memory):
        session.run(function)
    session.build(impls.load, "numpy", Settings(threads=3))
    assert session.implementation is built


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("fit", (*BATCH, 1)),
        ("set_parameters", (OTHERS,)),
        (train, (*BATCH, 1)),
        (trace, (*BATCH, OTHERS, 1)),
        (prepare, (STEP, *BATCH)),
        (fit_usage, (*BATCH, 1, 0.0)),
    ],
)
def test_changed_network_is_built_anew(session, function, arguments):
    built = session.implementation
    session.run(function, *arguments)
    session.build(impls.load, "numpy", Settings(threads=3))
    assert session.implementation is not built


@pytest.mark.parametrize(("make", "scales"), [(impls.load, ()), (quantization.load, (SCALES,))])
def test_obtained_network_gets_its_first_state_back(session, make, scales):
    """The same object, with the numbers of a new one: parameters, moments, step, and order of images."""
    called = (make, "numpy", Settings(seed=7), *scales)
    session.obtain(*called)
    first, losses = session.implementation, session.run("fit", *BATCH, 2)
    for other in range(KEPT - 1):
        session.obtain(impls.load, "numpy", Settings(seed=8 + other))
    session.obtain(*loads(dumps(called)))  # as they arrive in a worker
    assert session.implementation is first
    expected = make(*called[1:]).get_checkpoint()
    for name, array in session.run("get_checkpoint").items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
    assert session.run("fit", *BATCH, 2) == losses


def test_network_that_was_used_last_is_kept(session):
    session.obtain(impls.load, "numpy", Settings(seed=0))
    often = session.implementation
    for other in range(1, 2 * KEPT):
        session.obtain(impls.load, "numpy", Settings(seed=other))
        session.obtain(impls.load, "numpy", Settings(seed=0))
        assert session.implementation is often
    assert len(session.first_states) == KEPT


def test_events_reach_the_session_that_runs_the_function(session, events):
    session.run(train, *BATCH, 2)
    assert [event for event, _ in events] == ["training", "epoch", "epoch", "trained"]
    with pytest.raises(LookupError):
        notify("epoch")


def test_repeated_warning_is_not_one_too_many(session, events):
    def warn():
        for number in range(2 * WARNINGS):
            warnings.warn(f"warning {number % WARNINGS}", stacklevel=1)

    session.run(warn)
    assert len(events) == WARNINGS


def test_loss_that_is_not_a_number_ends_the_training(session, monkeypatch):
    monkeypatch.setattr(session.implementation, "train_epoch", lambda batch: float("nan"))
    with pytest.raises(FloatingPointError, match="epoch 1"):
        session.run(train, *BATCH, 3)
