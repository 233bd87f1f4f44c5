"""A training lowers the loss and is repeatable, and looking at gradients changes nothing."""

import numpy as np
import pytest

from harness.equality.distance import distance
from harness.equality.limits import FORWARD_BACKWARD, ROW_SUM, SAME_TRAINING
from harness.equality.training import train_on
from harness.measuring.starting import conditions
from harness.measuring.workload import OPERATIONS, rehearse
from impls.contract import DATASET


def test_the_first_loss_is_that_of_guessing(framework, dataset):
    """An untrained network spreads its probability over the classes: of ten, about log(10) = 2.3 nats."""
    loss, _ = framework.evaluate(dataset.test.images, dataset.test.labels)
    assert -0.3 < loss - np.log(DATASET.classes) < 0.7


def test_gradients_change_nothing(framework, dataset):
    batch = dataset.train.first(128)
    before = framework.get_parameters()
    loss, gradients = framework.loss_and_gradients(*batch)
    again, same = framework.loss_and_gradients(*batch)
    assert again == pytest.approx(loss, rel=FORWARD_BACKWARD["float32"])
    for name, array in framework.get_parameters().items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)
        assert distance(same[name], gradients[name], name).error <= FORWARD_BACKWARD["float32"]
    assert framework.run(train_on, *batch) == pytest.approx(loss, rel=FORWARD_BACKWARD["float32"])


def test_fit_reports_each_epoch_and_learns(framework, dataset):
    images, labels = dataset.train.first(1024)  # full batches: XLA compiles a step anew for a smaller one
    history = framework.fit(images, labels, 3)
    assert len(history["loss"]) == 3
    assert history["loss"] == sorted(history["loss"], reverse=True)


def test_same_seed_same_training(framework, dataset):
    images, labels = dataset.train.first(256)
    first, other, second = (framework.with_settings(seed=seed).fit(images, labels, 2)["loss"] for seed in (1, 2, 1))
    assert first == pytest.approx(second, rel=SAME_TRAINING)
    assert first != pytest.approx(other, rel=SAME_TRAINING)


def test_each_timed_operation_runs_once(framework, dataset):
    """On a few images; its result is read by the code that reads it in a campaign."""
    images, labels = dataset.train.first(32)
    probability = framework.probabilities(images)[0, 0]
    for operation in sorted(OPERATIONS, key=lambda operation: operation.method != "predict_step"):  # the others train
        read = framework.run(rehearse, operation, images, labels)
        if operation.method == "predict_step":
            assert read == pytest.approx(probability, abs=ROW_SUM)
        if operation.method == "train_step":
            assert 0 < read < 3
    assert set(framework.versions()) < set(framework.run(conditions))
