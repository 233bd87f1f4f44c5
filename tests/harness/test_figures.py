"""Launches are the unit: their medians are what figures are made of."""

import pytest

from harness.measuring import figures, floor
from harness.measuring.campaign import Launch
from harness.measuring.workload import Operation
from impls.contract import NETWORKS

STEP = Operation("train_step", 128, rounds=3)
PREDICT = Operation("predict_step", 128, rounds=3)


def launch(**samples):
    by_name = {"step": STEP, "predict": PREDICT, "multiply": floor.OPERATIONS[0], "stream": floor.OPERATIONS[1]}
    return Launch(0.1, samples={by_name[name]: values for name, values in samples.items()})


def test_median_of_medians_whatever_the_number_of_samples():
    launches = [launch(step=[1.0, 1.0, 9.0]), launch(step=[2.0]), launch(step=[3.0] * 50)]
    assert figures.medians(launches, STEP) == [1.0, 2.0, 3.0]
    assert figures.seconds(launches, STEP) == 2.0
    assert figures.spread(launches, STEP) == pytest.approx(0.5)
    assert figures.spread(launches[1:], STEP) == pytest.approx(0.5**0.5 / 2.5)


def test_a_ratio_is_taken_within_each_launch():
    """The medians of all launches are 3 and 2; within launches, between which the machine drifts, it is 3, 3, 0.75."""
    ours, theirs = ([launch(step=[seconds]) for seconds in values] for values in ([1.0, 2.0, 4.0], [3.0, 6.0, 3.0]))
    assert figures.ratio(theirs, ours, STEP) == 3.0
    assert figures.ratio(theirs, [], STEP) is None


def test_what_was_not_measured_is_none():
    assert figures.seconds([], STEP) is None
    assert figures.seconds([launch(predict=[1.0])], STEP) is None
    assert figures.spread([launch(step=[1.0])], STEP) is None  # of one launch nothing can be said
    assert figures.floor_seconds([], STEP, "mlp") == []
    assert figures.times_the_floor([launch(step=[1.0])], [], STEP, "mlp") is None


def test_the_floor_is_of_training_steps_alone():
    floors = [launch(multiply=[1.0], stream=[2.0]), launch(multiply=[2.0], stream=[4.0])]
    least = floor.train_step_seconds(NETWORKS["mlp"], 128, 1.0, 2.0)
    assert figures.floor_seconds(floors, STEP, "mlp") == [least, 2 * least]
    assert figures.floor_seconds(floors, PREDICT, "mlp") == []
    steps = [launch(step=[3 * least], predict=[1.0]), launch(step=[6 * least], predict=[1.0])]
    assert figures.times_the_floor(steps, floors, STEP, "mlp") == pytest.approx(3)
    assert figures.times_the_floor(steps, floors, PREDICT, "mlp") is None
