"""From equal parameters and batches every variant computes what the referee computes, from logits to a hundred steps.

The referee is impls/numpy/mnist.py in float64, in a worker of its own. Rungs 1 to 3, the data,
the preprocessing and the shapes, stand in test_dataset.py, test_preprocessing.py and test_network.py.
"""

from dataclasses import asdict, replace

import numpy as np
import pytest

from harness.equality.distance import Distance, distance, largest_distance
from harness.equality.limits import (
    EXACT_HYPERPARAMETERS,
    FIT_EPOCHS,
    PARAMETERS_AFTER,
    PASS,
    STARTS,
    STEP,
    STEPS,
    STEPS_LOSS,
    STEPS_OF_AN_EPOCH,
    STEPS_PARAMETERS,
    float32_steps,
    has_convolutions,
    of_gradients,
    of_moments,
)
from harness.equality.start import start
from harness.equality.trace import losses_apart, parameters_apart, trace
from harness.equality.training import float64_gap, train_on
from tests import rungs

pytestmark = pytest.mark.ladder
BATCH_SIZE = 128
EPOCHS_WATCHED = 8  # a fair shuffle of two puts the same first in all of them once in 128 times
RATE = EXACT_HYPERPARAMETERS["learning_rate"]


@pytest.fixture
def batch_size(framework, pytestconfig):
    """Whatever --batch-size says: 128, but without --long half of it where a step takes long."""
    return BATCH_SIZE // 2 if has_convolutions(framework.network) and not pytestconfig.option.long else BATCH_SIZE


@pytest.fixture
def initial(framework):
    """One bias is 0: where an image is black, what a convolution makes of it then lies on the corner of its ReLU."""
    parameters = start(framework.network.shapes, seed=1, bias=0.1)
    next(array for array in parameters.values() if array.ndim == 1)[0] = 0
    return parameters


@pytest.fixture
def referee(referee, framework, batch_size, initial):
    """With the parameters that the climber has."""
    aligned = {"dtype": "float64", "batch_size": batch_size, "device": "cpu", **EXACT_HYPERPARAMETERS}
    referee = referee(replace(framework.settings, **aligned))
    referee.set_parameters(initial)
    return referee


@pytest.fixture
def once(once, referee):
    """`compute()` by the referee, which takes long, and is the same for all variants."""
    return lambda compute, *name: once(compute, referee.settings, *name)


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def climber(framework, dtype, batch_size, initial):
    """The variant, aligned, with the referee's parameters."""
    climber = framework.with_settings(dtype=dtype, batch_size=batch_size, **EXACT_HYPERPARAMETERS)
    climber.set_parameters(initial)
    return climber


@pytest.fixture
def gap(climber, dtype):
    """What the variant says it computes in float32 although the dtype is float64; None if nothing."""
    return climber.run(float64_gap) if dtype == "float64" else None


@pytest.fixture
def batch(dataset, batch_size):
    return dataset.train.first(batch_size)


@pytest.fixture
def reaches(climber, dtype, gap, record):
    return rungs.judge(climber.name, gap, record, dtype)


@pytest.fixture
def from_some_start(climber, dtype, gap):
    """The smallest error of `climb(seed)` over a few starts, of which further ones are tried only if need be.

    In float32 the paths part where an activation lies within rounding of 0, so that its ReLU is on for one side alone:
    seen from 6 of 24 starts in 100 steps. A mistake parts them from every start. In float64 there is one start.
    """

    def measure(climb, limits: dict[str, float]) -> Distance:
        errors = []
        for seed in range(1, STARTS["float32" if gap else dtype] + 1):
            climber.with_settings(**asdict(climber.settings))
            errors.append(climb(seed))
            if errors[-1].error <= limits["float32" if gap else dtype]:
                break
        return min(errors)

    return measure


@pytest.fixture
def images(dataset):
    return dataset.test.images.first(256)


def test_logits(climber, referee, once, images, reaches):
    expected = once(lambda: referee.logits(images), "logits")
    reaches("logits", distance(climber.logits(images), expected, "logits"), PASS)


def test_probabilities(climber, referee, once, images, reaches):
    expected = once(lambda: referee.probabilities(images), "probabilities")
    reaches("probabilities", distance(climber.probabilities(images), expected, "probabilities"), PASS)


def test_evaluation(climber, referee, once, images, dataset, reaches):
    labels = dataset.test.labels.first(256)
    expected, expected_accuracy = once(lambda: referee.evaluate(images, labels), "evaluation")
    actual, accuracy = climber.evaluate(images, labels)
    reaches("evaluation", distance(actual, expected, "loss of test images"), PASS)
    assert accuracy == pytest.approx(expected_accuracy, abs=1.5 / 256)  # an image may have two logits equal in rounding


@pytest.fixture
def right(referee, once, batch):
    """The loss and the gradients of the batch."""
    return once(lambda: referee.loss_and_gradients(*batch), "loss and gradients")


def test_loss(climber, right, batch, reaches):
    reaches("loss", distance(climber.loss_and_gradients(*batch)[0], right[0], "loss"), PASS)


def test_gradients(climber, right, batch, reaches):
    actual = climber.loss_and_gradients(*batch)[1]
    reaches("gradients", largest_distance(actual, right[1]), of_gradients(climber.network))


@pytest.fixture
def step(referee, once, batch):
    """The loss before a step, and the parameters and moments after it."""
    return once(lambda: (referee.run(train_on, *batch), referee.get_parameters(), referee.get_moments()), "step")


def test_one_step(climber, step, batch, reaches):
    right, expected, _ = step
    loss = climber.run(train_on, *batch)
    reaches("one step", largest_distance(climber.get_parameters(), expected, RATE), STEP)
    reaches("loss before the step", distance(loss, right, "loss"), PASS)


def test_moments(climber, step, batch, reaches):
    *_, expected = step
    climber.run(train_on, *batch)
    for name, *both in zip(("m", "v"), climber.get_moments(), expected, strict=True):
        reaches(f"moment {name}", largest_distance(*both), of_moments(climber.network))


@pytest.mark.growth
def test_many_steps(framework, climber, referee, once, dataset, dtype, gap, from_some_start, reaches, pytestconfig):
    """A hundred steps in float64, with --long a whole epoch; in float32 as many as it can."""
    in_float32, in_float64 = float32_steps(framework.network), STEPS_OF_AN_EPOCH if pytestconfig.option.long else STEPS
    steps = {"float32": in_float32, "float64": in_float64}[dtype]
    traces = []

    def climb(seed):
        question = (trace, *dataset.train, start(framework.network.shapes, seed), steps, PARAMETERS_AFTER)
        expected = once(lambda: referee.with_settings().run(*question), "trace", seed, steps)
        traces.append((climber.run(*question), expected))
        return max(losses_apart(*traces[-1])[: in_float32 if gap else steps])

    held = from_some_start(climb, STEPS_LOSS)
    growth = losses_apart(*traces[-1])
    reaches(f"{steps} steps, loss", max(growth) if gap else held, STEPS_LOSS, held, growth)
    losses = traces[-1][0].losses
    assert len(losses) == steps
    if dtype in STEPS_PARAMETERS:
        assert losses[-1] < 0.9 * losses[0], "equal, but not learning"
        reaches(f"{steps} steps, parameters", max(parameters_apart(*traces[-1])), STEPS_PARAMETERS)


def test_fit(framework, climber, referee, once, batch, from_some_start, reaches):
    """`fit` shuffles as it likes, so here its batch is the whole set: then the order changes the rounding alone."""

    def climb(seed):
        def losses(side):
            side.set_parameters(start(framework.network.shapes, seed))
            return side.fit(*batch, FIT_EPOCHS)["loss"]

        expected = once(lambda: losses(referee.with_settings()), "fit", seed)
        pairs = enumerate(zip(losses(climber), expected, strict=True), 1)
        return max(distance(*pair, f"loss of epoch {epoch}") for epoch, pair in pairs)

    reaches(f"fit, {FIT_EPOCHS} epochs", from_some_start(climb, STEPS_LOSS), STEPS_LOSS)


def test_fit_uses_every_image_once(framework, referee, dataset, initial):
    """With a learning rate that changes nothing, an epoch's loss is the loss of all images, partial batch included."""
    images, labels = dataset.train.first(300)
    settings = EXACT_HYPERPARAMETERS | {"learning_rate": 2.0**-60, "batch_size": BATCH_SIZE}
    still = framework.with_settings(**settings)
    still.set_parameters(initial)
    expected, _ = referee.loss_and_gradients(images, labels)
    assert still.fit(images, labels, 2)["loss"] == pytest.approx([expected] * 2, rel=PASS["float32"])


def test_fit_shuffles_by_the_seed(framework, dataset, initial):
    """Another seed is another order of the batches, and so another loss; the parameters are the same at first."""
    images, labels = dataset.train.first(512)
    losses = []
    for seed in (1, 2):
        shuffled = framework.with_settings(seed=seed, batch_size=BATCH_SIZE)
        shuffled.set_parameters(initial)
        losses += shuffled.fit(images, labels, 1)["loss"]
    assert losses[0] != pytest.approx(losses[1], rel=1e-4)


def test_fit_shuffles_anew_in_each_epoch(framework, referee, once, dataset, initial):
    """From two images in batches of one, the loss of an epoch tells which came first: not always the same."""
    shuffled = framework.with_settings(dtype="float64", batch_size=1, **EXACT_HYPERPARAMETERS)
    shuffled.set_parameters(initial)
    reported = shuffled.fit(*dataset.train.first(2), EPOCHS_WATCHED)["loss"]
    images, labels = dataset.train.images.first(2).array(), dataset.train.labels.first(2).array()
    seen = []  # which image came at each step
    for loss in reported:
        tried = []
        for order in ([0, 1], [1, 0]):
            rows = [*seen, *order]
            question = (trace, images[rows], labels[rows], initial, len(rows))
            losses = once(lambda: referee.with_settings(batch_size=1).run(*question), *rows).losses  # noqa: B023
            tried.append((abs(np.mean(losses[-2:]) - loss), order))
        error, order = min(tried)
        seen += order
        assert error < 1e-4 * loss, f"an epoch's loss of {loss} comes from neither order of the two images"
    orders = {tuple(seen[first : first + 2]) for first in range(0, len(seen), 2)}
    assert len(orders) == 2, f"{framework.name}: {seen[:2]} in each of {EPOCHS_WATCHED} epochs"
