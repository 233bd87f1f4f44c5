"""A process run is the unit: it has one number for each figure."""

from harness.measuring import figures, roofline
from harness.measuring.campaign import ProcessRun
from harness.measuring.workload import OPERATIONS
from impls.contract import NETWORKS

MULTIPLY, STREAM = roofline.OPERATIONS
STEP, PREDICT = OPERATIONS[1], OPERATIONS[4]


def runs(*samples):
    return [ProcessRun(0.1, samples=each) for each in samples]


def test_each_run_has_one_median():
    measured = runs({STEP: [1.0, 1.0, 9.0]}, {STEP: [2.0]}, {STEP: [3.0] * 50}, {})
    assert figures.medians(measured, STEP) == [1.0, 2.0, 3.0]


def test_roofline_is_of_training_steps_alone():
    rooflines = runs({MULTIPLY: [1.0], STREAM: [2.0]}, {MULTIPLY: [2.0], STREAM: [4.0]})
    least = roofline.train_step_seconds(NETWORKS["mlp"], 128, 1.0, 2.0)
    assert figures.roofline_seconds(rooflines, STEP, "mlp") == [least, 2 * least]
    assert figures.roofline_seconds(rooflines, PREDICT, "mlp") == []


def test_memory_that_a_run_lacks_is_none():
    assert figures.memory([ProcessRun(0.1, memory={"import": 5}), ProcessRun(0.1)]) == {"import": [5, None]}
