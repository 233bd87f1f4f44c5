"""A distance is the largest error and its place, and a training that leaves the path of another does so at a step."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.equality.distance import distance, largest_distance
from harness.equality.trace import losses_apart, parameters_apart, trace


@pytest.mark.parametrize(
    ("actual", "expected", "error", "where"),
    [
        ([[1.0, 2.0], [3.5, 4.0]], [[1.0, 2.0], [3.0, 4.0]], 0.125, "x[1, 0]"),
        ([1.0, 4.0], [2.0, -4.0], 2.0, "x[1]"),  # of the largest entry, whatever its sign
        (3.0, 2.0, 0.5, "x"),
        ([0.25, 0.0], [0.0, 0.0], 0.25, "x[0]"),  # to which nothing can be relative
        ([1.0, np.nan, 9.0], [1.0, 2.0, 3.0], np.inf, "x[1]"),
        ([1.0, np.inf], [1.0, 2.0], np.inf, "x[1]"),
    ],
)
def test_distance_is_the_largest_error_and_its_place(actual, expected, error, where):
    assert distance(np.array(actual), np.array(expected), "x") == (error, where)


@pytest.mark.parametrize("shape", [(2,), (3, 1)])
def test_distance_of_unequal_shapes_is_infinite(shape):
    error, where = distance(np.ones(shape), np.ones(3), "x")
    assert error == np.inf
    assert str(shape) in where


def test_largest_distance_is_that_of_the_worst_tensor():
    expected = {"a": np.array([1.0]), "b": np.array([10.0]), "c": np.array([1.0])}
    actual = {"a": np.array([1.5]), "b": np.array([20.0]), "c": np.array([0.5])}
    assert largest_distance(actual, expected) == (1.0, "b[0]")
    assert largest_distance(actual, expected, scale=0.5) == (20.0, "b[0]")


def test_noise_is_relative_to_the_largest_of_all():
    expected = {"a": np.array([2.0**-60]), "b": np.array([4.0])}
    actual = {"a": np.array([3 * 2.0**-60]), "b": np.array([5.0])}
    assert largest_distance(actual, expected) == (2.0, "a[0]")
    assert largest_distance(actual, expected, noise=["a"]) == (0.25, "b[0]")
    assert largest_distance({**actual, "a": np.array([2.0])}, expected, noise=["a"]) == (0.5, "a[0]")


class Counter:
    """Adds the sum of the labels to its one parameter; the loss is the sum before. Keeps its batches."""

    settings = SimpleNamespace(batch_size=4)

    def __init__(self, wrong_step=None):
        self.wrong_step, self.batches = wrong_step, []

    def set_parameters(self, parameters):
        self.value = float(parameters["sum"])

    def get_parameters(self):
        return {"sum": np.array(self.value)}

    def prepare_batch(self, images, labels):
        assert len(images) == len(labels)
        return labels

    def train_step(self, labels):
        self.batches.append(tuple(labels))
        loss = self.value
        self.value += sum(labels) * (2 if len(self.batches) == self.wrong_step else 1)
        return loss


def traced(counter, kept=(1, 2, 3)):
    return trace(counter, np.zeros((6, 28, 28)), np.arange(6), {"sum": np.array(1.0)}, 3, kept)


def test_trace_uses_the_images_in_order_again_and_again():
    counter = Counter()
    traced(counter)
    assert counter.batches == [(0, 1, 2, 3), (4, 5), (0, 1, 2, 3)]


def test_trace_has_losses_before_and_parameters_after_steps():
    assert traced(Counter(), kept=(1, 3)) == ([1.0, 7.0, 16.0], {1: {"sum": 7.0}, 3: {"sum": 22.0}})


@pytest.mark.parametrize(
    ("wrong_step", "losses", "parameters"), [(None, [0, 0, 0], [0, 0, 0]), (2, [0, 0, 9 / 16], [0, 9 / 16, 9 / 22])]
)
def test_step_that_leaves_the_path_is_named(wrong_step, losses, parameters):
    traces = traced(Counter(wrong_step)), traced(Counter())
    assert losses_apart(*traces) == [(error, f"loss of step {step}") for step, error in enumerate(losses, 1)]
    assert parameters_apart(*traces) == [(error, f"sum after step {step}") for step, error in enumerate(parameters, 1)]
