"""Batch normalization: a training step normalises by its batch and moves the state; everything else uses the state.

Networks without `Network.state` have none of this.
"""

import numpy as np
import pytest

from harness.equality.distance import distance, largest_distance
from harness.equality.limits import EXACT_HYPERPARAMETERS, FORWARD_BACKWARD, STATISTICS, STEPS, STEPS_LOSS
from harness.equality.training import train_on
from tests.equivalence import checker

pytestmark = [pytest.mark.equivalence, pytest.mark.state]
FEW = 4  # steps without --long


@pytest.fixture
def candidate(framework, batch_size, initial):
    """The variant in float64, with the reference's hyperparameters and parameters."""
    candidate = framework.with_settings(dtype="float64", batch_size=batch_size, **EXACT_HYPERPARAMETERS)
    candidate.set_parameters(initial)
    return candidate


@pytest.fixture
def drawn(framework):
    """A state of random numbers: means of any sign, variances above 0."""
    random = np.random.default_rng(0)
    state = {name: random.normal(0, 1, shape).astype("float32") for name, shape in framework.network.state.items()}
    return {name: array**2 + 1 if name.endswith("/variance") else array for name, array in state.items()}


def test_state_begins_at_mean_0_and_variance_1(framework):
    state = framework.get_state()
    assert {name: array.shape for name, array in state.items()} == framework.network.state
    for name, array in state.items():
        assert array.dtype == "float32"
        assert (array == name.endswith("/variance")).all(), name


def test_state_that_was_set_stays_until_the_next_step(framework, drawn, initial):
    framework.set_state(drawn)
    framework.set_parameters(initial)
    np.testing.assert_equal(framework.get_state(), drawn)


def test_only_a_training_step_changes_the_state(framework, drawn, dataset):
    images, labels = dataset.train.first(64)
    framework.set_state(drawn)
    framework.loss_and_gradients(images, labels)
    framework.logits(images)
    framework.probabilities(images)
    framework.evaluate(images, labels)
    np.testing.assert_equal(framework.get_state(), drawn)
    framework.run(train_on, images, labels)
    for name, array in framework.get_state().items():
        assert (array != drawn[name]).any(), name


def test_training_loss_does_not_depend_on_the_state(framework, drawn, dataset):
    batch = dataset.train.first(64)
    losses = [framework.loss_and_gradients(*batch)[0], framework.evaluate(*batch)[0]]
    framework.set_state(drawn)
    assert framework.loss_and_gradients(*batch)[0] == pytest.approx(losses[0], rel=FORWARD_BACKWARD["float32"])
    assert abs(framework.evaluate(*batch)[0] - losses[1]) > losses[1] / 1000


@pytest.fixture
def followed(candidate, reference, of_reference, dataset, batch_size, pytestconfig):
    """The state of the variant and of the reference after each step, and the loss of test images after the last."""
    steps = STEPS if pytestconfig.option.long else FEW
    images, labels = (each.array() for each in dataset.train.first(steps * batch_size))
    test = dataset.test.first(256)

    def follow(side):
        states = []
        for first in range(0, len(images), batch_size):
            side.run(train_on, images[first : first + batch_size], labels[first : first + batch_size])
            states.append(side.get_state())
        return states, side.evaluate(*test)[0]

    return follow(candidate), of_reference(lambda: follow(reference), "states", steps)


@pytest.fixture
def assert_within(record, candidate):
    return checker(record, candidate.known_deviation())


def test_running_statistics_of_each_step(followed, assert_within):
    (states, _), (expected, _) = followed
    errors = [largest_distance(*pair) for pair in zip(states, expected, strict=True)]
    assert_within(f"{len(states)} steps, running statistics", max(errors), STATISTICS)


def test_evaluation_after_steps(followed, assert_within):
    (states, loss), (_, expected) = followed
    assert_within(f"{len(states)} steps, evaluation", distance(loss, expected, "loss of test images"), STEPS_LOSS)
