"""An error is measured where it is largest, and a training that leaves another's path is seen at that step."""

from types import SimpleNamespace

import numpy as np
import pytest

from harness.equality.distance import Distance, distance, largest_distance
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
        ([1.0, 2.0], [1.0, 2.0, 3.0], np.inf, "x, whose shape is (2,) instead of (3,)"),
        ([[1.0], [2.0]], [1.0, 2.0], np.inf, "x, whose shape is (2, 1) instead of (2,)"),
    ],
)
def test_the_largest_error_is_found_and_its_place_named(actual, expected, error, where):
    assert distance(np.array(actual), np.array(expected), "x") == (error, where)


def test_a_scale_takes_the_place_of_the_largest_entry():
    assert distance(np.array([1.5, 8.0]), np.array([1.0, 8.0]), "x", scale=0.25).error == 2.0


def test_float32_is_compared_in_float64():
    assert distance(np.float32([1.0]), np.float32([3.0]), "x").error == 2 / 3
    assert distance(np.float32(0.1), 0.1, "x").error == pytest.approx(1.49e-8, rel=0.01)


def test_the_worst_of_all_tensors_counts():
    expected = {"a": np.array([1.0]), "b": np.array([10.0]), "c": np.array([1.0])}
    actual = {"a": np.array([1.5]), "b": np.array([20.0]), "c": np.array([0.5])}
    assert largest_distance(actual, expected) == (1.0, "b[0]")
    assert largest_distance(actual, expected, scale=0.5) == (20.0, "b[0]")


def test_a_distance_reads_as_a_sentence():
    assert str(Distance(1.25e-7, "loss")) == "1.2e-07 at loss"


class Counter:
    """Adds the sum of the labels to its one parameter; the loss is what it was before. Keeps what it was given."""

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


def test_batches_come_in_order_the_last_one_smaller_and_then_the_first_again():
    counter = Counter()
    traced(counter)
    assert counter.batches == [(0, 1, 2, 3), (4, 5), (0, 1, 2, 3)]


def test_a_trace_has_the_loss_before_each_step_and_the_parameters_after_some():
    losses, parameters = traced(Counter(), kept=(1, 3))
    assert losses == [1.0, 7.0, 16.0]
    assert parameters == {1: {"sum": 7.0}, 3: {"sum": 22.0}}


def test_a_training_on_the_same_path_is_at_no_distance_at_any_step():
    traces = traced(Counter()), traced(Counter())
    assert [error for error, _ in losses_apart(*traces)] == [error for error, _ in parameters_apart(*traces)] == [0] * 3


def test_the_step_that_leaves_the_path_is_named():
    traces = traced(Counter(wrong_step=2)), traced(Counter())
    assert losses_apart(*traces) == [(0, "loss of step 1"), (0, "loss of step 2"), (9 / 16, "loss of step 3")]
    worst = [(0, "sum after step 1"), (9 / 16, "sum after step 2"), (9 / 22, "sum after step 3")]
    assert parameters_apart(*traces) == worst
