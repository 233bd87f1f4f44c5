"""The figures of a campaign are made of the medians of launches, which are the unit."""

import pytest

from harness.measuring import figures, floor
from harness.measuring.campaign import Launch
from harness.measuring.workload import OPERATIONS
from impls.contract import NETWORKS

MULTIPLY, STREAM = floor.OPERATIONS
STEP, PREDICT = OPERATIONS[1], OPERATIONS[4]


def launches(*samples):
    return [Launch(0.1, samples=each) for each in samples]


def test_figures_weigh_launches_not_samples():
    measured = launches({STEP: [1.0, 1.0, 9.0]}, {STEP: [2.0]}, {STEP: [3.0] * 50})
    assert figures.medians(measured, STEP) == [1.0, 2.0, 3.0]
    assert figures.seconds(measured, STEP) == 2.0
    assert figures.spread(measured, STEP) == pytest.approx(0.5)


def test_ratio_is_taken_within_each_launch():
    """The medians of all launches are 3 and 2; within launches, between which the machine drifts, it is 3, 3, 0.75."""
    ours, theirs = (launches(*({STEP: [each]} for each in values)) for values in ([1.0, 2.0, 4.0], [3.0, 6.0, 3.0]))
    assert figures.ratio(theirs, ours, STEP) == 3.0


def test_figure_of_nothing_is_none():
    one = launches({STEP: [1.0]})
    assert figures.seconds(one, PREDICT) is None
    assert figures.spread(one, STEP) is None
    assert figures.ratio(one, [], STEP) is None
    assert figures.times_the_floor(one, [], STEP, "mlp") is None


def test_floor_is_of_training_steps_alone():
    floors = launches({MULTIPLY: [1.0], STREAM: [2.0]}, {MULTIPLY: [2.0], STREAM: [4.0]})
    least = floor.train_step_seconds(NETWORKS["mlp"], 128, 1.0, 2.0)
    measured = launches({STEP: [3 * least], PREDICT: [1.0]}, {STEP: [6 * least], PREDICT: [1.0]})
    assert figures.floor_seconds(floors, STEP, "mlp") == [least, 2 * least]
    assert figures.times_the_floor(measured, floors, STEP, "mlp") == pytest.approx(3)
    assert figures.times_the_floor(measured, floors, PREDICT, "mlp") is None
