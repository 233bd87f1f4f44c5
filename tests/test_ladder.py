"""From equal parameters and batches every variant computes what the referee computes, from logits to an epoch of Adam.

The referee is impls/numpy.py in float64, its gradients derived by hand. Rungs 1 to 3, the data, the preprocessing and
the shapes, stand in test_dataset.py, test_preprocessing.py and test_network.py.
"""

import numpy as np
import pytest

import impls
from harness.equality import Distance, distance, largest_distance
from harness.limits import EXACT_HYPERPARAMETERS, FIT_EPOCHS, PASS, STEP, STEPS, STEPS_LOSS, STEPS_PARAMETERS
from impls.contract import Settings

pytestmark = pytest.mark.ladder
RATE = EXACT_HYPERPARAMETERS["learning_rate"]


@pytest.fixture(scope="module")
def initial():
    """Parameters that float32 holds exactly, so that every variant starts from the very same numbers; biases not 0."""
    parameters = impls.load("numpy", Settings(dtype="float32", seed=1)).get_parameters()
    random = np.random.default_rng(1)
    for name in ("dense_1/bias", "dense_2/bias", "dense_3/bias"):
        parameters[name] = random.normal(0, 0.1, parameters[name].shape).astype("float32")
    return parameters


@pytest.fixture
def referee(initial):
    referee = impls.load("numpy", Settings(dtype="float64", **EXACT_HYPERPARAMETERS))
    referee.set_parameters(initial)
    return referee


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def climber(framework, dtype, initial):
    """The variant, aligned, with the referee's parameters."""
    climber = framework.with_settings(dtype=dtype, **EXACT_HYPERPARAMETERS)
    climber.set_parameters(initial)
    return climber


@pytest.fixture
def batch(mnist):
    return mnist.train.images.first(128), mnist.train.labels.first(128)


@pytest.fixture
def reaches(climber, dtype, record_property):
    """Judge a rung: print and record the error beside its limit, and say who is wrong, where, and by how much.

    A variant that says it computes in float32 under float64 must not reach the float64 rungs: the day it does, what it
    says is out of date, and the test fails.
    """

    def judge(rung: str, measured: Distance, limit: float) -> None:
        gap = climber.float64_gap() if dtype == "float64" else None
        print(
            f"{climber.name}, {dtype}, {rung}: {measured}, limit {limit:.0e}" + (f"; not reached: {gap}" if gap else "")
        )
        record_property("rung", {"name": rung, "dtype": dtype, "error": measured.error, "limit": limit, "gap": gap})
        if gap:
            assert measured.error > limit, (
                f"{climber.name} reaches {rung} in float64 now: it need not say {gap!r} any more"
            )
        else:
            assert measured.error <= limit, (
                f"{climber.name} is wrong in {rung}, {dtype}: relative error {measured}, limit {limit:.0e}"
            )

    return judge


def arrays(reference_pair):
    return (reference.array() for reference in reference_pair)


def test_logits(climber, referee, mnist, dtype, reaches):
    images = mnist.test.images.first(1000)
    reaches("logits", distance(climber.logits(images), referee.logits(images.array()), "logits"), PASS[dtype])


def test_probabilities(climber, referee, mnist, dtype, reaches):
    images = mnist.test.images.first(1000)
    actual, expected = climber.probabilities(images), referee.probabilities(images.array())
    reaches("probabilities", distance(actual, expected, "probabilities"), PASS[dtype])


def test_loss(climber, referee, batch, dtype, reaches):
    (actual, _), (expected, _) = climber.loss_and_gradients(*batch), referee.loss_and_gradients(*arrays(batch))
    reaches("loss", distance(actual, expected, "loss"), PASS[dtype])


def test_evaluation(climber, referee, mnist, dtype, reaches):
    actual, accuracy = climber.evaluate(*mnist.test)
    expected, expected_accuracy = referee.evaluate(*arrays(mnist.test))
    reaches("evaluation", distance(actual, expected, "loss of the test images"), PASS[dtype])
    assert accuracy == pytest.approx(
        expected_accuracy, abs=1.5e-4
    )  # one image may have two logits equal within rounding


def test_gradients(climber, referee, batch, dtype, reaches):
    (_, actual), (_, expected) = climber.loss_and_gradients(*batch), referee.loss_and_gradients(*arrays(batch))
    reaches("gradients", largest_distance(actual, expected), PASS[dtype])


def test_one_step(climber, referee, batch, dtype, reaches):
    loss = climber.train_on(*batch)
    expected_loss = referee.train_step(referee.prepare_batch(*arrays(batch)))
    reaches("one step", largest_distance(climber.get_parameters(), referee.get_parameters(), RATE), STEP[dtype])
    reaches("loss before the step", distance(loss, expected_loss, "loss"), PASS[dtype])


def test_moments(climber, referee, batch, dtype, reaches, record_property):
    climber.train_on(*batch)
    referee.train_step(referee.prepare_batch(*arrays(batch)))
    moments = climber.moments()
    if moments is None:
        record_property("missing", f"{climber.name} does not show the moments of Adam")
        return
    for name, actual, expected in zip(("m", "v"), moments, referee.get_moments(), strict=True):
        reaches(f"moment {name}", largest_distance(actual, expected), 2 * PASS[dtype])  # v squares: twice the error


def test_epoch(climber, initial, mnist, dtype, reaches):
    trace = climber.lockstep(*mnist.train, initial, STEPS[dtype])
    assert len(trace["loss"]) == STEPS[dtype]
    reaches(f"{STEPS[dtype]} steps, loss", Distance(*max(trace["loss"])), STEPS_LOSS[dtype])
    if dtype in STEPS_PARAMETERS:
        worst = Distance(*max(trace["parameters"]))
        reaches(f"{STEPS[dtype]} steps, parameters", worst, STEPS_PARAMETERS[dtype])
    assert trace["values"][-1] < trace["values"][0] / 2, "equal, but not learning"


def test_fit(climber, referee, batch, dtype, reaches):
    """`fit` shuffles as it likes, so here its batch is the whole set: then the order changes the rounding alone."""
    losses = climber.fit(*batch, FIT_EPOCHS)["loss"]
    prepared = referee.prepare_batch(*arrays(batch))
    expected = [float(referee.train_step(prepared)) for _ in range(FIT_EPOCHS)]
    pairs = enumerate(zip(losses, expected, strict=True), start=1)
    errors = [distance(loss, right, f"loss of epoch {epoch}") for epoch, (loss, right) in pairs]
    reaches(f"fit, {FIT_EPOCHS} epochs", max(errors), STEPS_LOSS[dtype])


def test_fit_uses_every_image_once(framework, referee, mnist, initial):
    """With a learning rate that changes nothing, an epoch's loss is the loss of all images, partial batch included."""
    images, labels = mnist.train.images.first(300), mnist.train.labels.first(300)
    still = framework.with_settings(**(EXACT_HYPERPARAMETERS | {"learning_rate": 2.0**-60}))
    still.set_parameters(initial)
    expected, _ = referee.loss_and_gradients(images.array(), labels.array())
    assert still.fit(images, labels, 2)["loss"] == pytest.approx([expected] * 2, rel=PASS["float32"])


def test_fit_shuffles(framework, mnist, initial):
    """Another seed is another order of the batches, and so another loss; the parameters are the same at first."""
    images, labels = mnist.train.images.first(1000), mnist.train.labels.first(1000)
    losses = []
    for seed in (1, 2):
        shuffled = framework.with_settings(seed=seed)
        shuffled.set_parameters(initial)
        losses += shuffled.fit(images, labels, 1)["loss"]
    assert losses[0] != pytest.approx(losses[1], rel=1e-4)
