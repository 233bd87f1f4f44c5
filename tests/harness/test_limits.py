"""A limit is above what rounding does, and not far above: who loosened it would let mistakes through."""

import math

import numpy as np
import pytest

import impls
from harness.equality import limits
from harness.equality.distance import distance, largest_distance
from impls.contract import NETWORKS, Settings

MOMENTS = limits.of_moments(NETWORKS["mlp"])
FAR = {"float32": 40, "float64": 1000}  # times what rounding does, a limit is not; measured: at most 13 and 330
ORDER = np.random.default_rng(0).permutation(784)


def after_a_step(dtype, parameters, images, labels):
    """Logits, gradients, moments and parameters of NumPy in an aligned step from `parameters`, in that dtype."""
    network = impls.load("numpy", Settings(dtype=dtype, **limits.EXACT_HYPERPARAMETERS))
    network.set_parameters(parameters)
    logits = network.logits(images)
    _, gradients = network.loss_and_gradients(images, labels)
    network.train_step(network.prepare_batch(images, labels))
    return logits, gradients, *network.get_moments(), network.get_parameters()


def with_pixels_in(order, tensors):
    return tensors | {"dense_1/kernel": tensors["dense_1/kernel"][order]}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_stays_within_each_limit_and_the_limit_is_not_far_from_it(dataset, dtype):
    """Rounding shows between a step and one in float64 that sums up the pixels of an image in another order."""
    images, labels = (reference.array() for reference in dataset.train.first(128))
    parameters = impls.load("numpy").get_parameters()
    shuffled = images.reshape(-1, 784)[:, ORDER].reshape(images.shape)
    logits, *found = after_a_step(dtype, parameters, images, labels)
    others, *expected = after_a_step("float64", with_pixels_in(ORDER, parameters), shuffled, labels)
    expected = [with_pixels_in(ORDER.argsort(), tensors) for tensors in expected]
    scales = [None, None, None, limits.EXACT_HYPERPARAMETERS["learning_rate"]]
    errors = [distance(logits, others, "logits"), *map(largest_distance, found, expected, scales)]
    held_to = [limits.PASS, limits.PASS, MOMENTS, MOMENTS, limits.STEP]
    for (error, _), limit in zip(errors, held_to, strict=True):
        assert limit[dtype] / FAR[dtype] < error < limit[dtype]


def test_float32_holds_the_hyperparameters_exactly():
    assert all(float(np.float32(value)) == value for value in limits.EXACT_HYPERPARAMETERS.values())


def test_one_rounding_is_half_the_distance_between_neighbours():
    neighbours = np.spacing(np.float32([0.5, np.nextafter(np.float32(1), np.float32(0))]))
    assert list(neighbours / 2) == [limits.ONE_ROUNDING] * 2


def test_float64_is_followed_for_an_epoch():
    assert math.ceil(60_000 / Settings().batch_size) == limits.STEPS_OF_AN_EPOCH


@pytest.mark.parametrize(("network", "steps"), [("mlp", 100), ("cnn", 10)])
def test_float32_is_followed_while_it_is_not_chaotic(network, steps):
    assert limits.float32_steps(NETWORKS[network]) == steps


@pytest.mark.parametrize(("epochs", "accuracy"), [(1, 0.94), (9, 0.94), (10, 0.97), (11, 0.97)])
def test_a_longer_training_must_learn_as_much_as_a_shorter(epochs, accuracy):
    assert limits.required_accuracy(NETWORKS["mlp"], epochs) == pytest.approx(accuracy)
