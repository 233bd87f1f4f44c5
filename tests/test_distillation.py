"""A student of every variant is trained as impls/distillation.py defines: its loss, gradients and steps are compared.

The reference is impls/numpy/distillation.py in float64.
"""

from dataclasses import replace

import numpy as np
import pytest

from harness.equality.distance import distance, largest_distance
from harness.equality.limits import (
    EXACT_HYPERPARAMETERS,
    FORWARD_BACKWARD,
    STEPS,
    STEPS_LOSS,
    STEPS_OF_AN_EPOCH,
    STEPS_PARAMETERS,
    required_accuracy,
)
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, parameters_apart, trace
from impls import distillation
from impls.contract import NETWORKS
from impls.distillation import STUDENT, Distillation, targets
from impls.numpy import distillation as numpy_distillation
from impls.numpy.adapter import Adapter as NumPy
from tests.equivalence import checker

pytestmark = pytest.mark.distillation
NETWORK = NETWORKS[STUDENT]
PARAMETERS = random_parameters(NETWORK.shapes, seed=1, bias=0.1)
DEFAULT = Distillation()
BATCH_SIZE = 128
FEW_STEPS = 20
FEW_IMAGES = 128 * BATCH_SIZE
HOT = 2.0**10  # far above all logits, and exp(logit / HOT) still has a thousandth of them in float32


@pytest.fixture(scope="module")
def all_targets(dataset):
    """Targets (60000, 2, 10), of logits like a teacher's: the label's logit is the largest of most images."""
    labels = dataset.train.labels.array()
    noise = np.random.default_rng(0).normal(0, 3, (len(labels), 10))
    return targets(labels, (noise + 16 * np.eye(10)[labels]).astype(np.float32))


@pytest.fixture
def batch(dataset, all_targets):
    return dataset.train.images.first(BATCH_SIZE).array(), all_targets[:BATCH_SIZE]


@pytest.fixture
def aligned(framework):
    return replace(framework.settings, network=STUDENT, dtype="float64", batch_size=BATCH_SIZE, **EXACT_HYPERPARAMETERS)


@pytest.fixture
def student(framework, fleet, aligned):
    """Return a function that builds the variant's student, in float64 and aligned unless `changes` differ."""

    def student(how=DEFAULT, **changes):
        settings = replace(aligned, **changes)
        student = fleet.framework(framework.name, settings, framework.worker_key, distillation.load, how)
        student.set_parameters(PARAMETERS)
        return student

    return student


@pytest.fixture
def reference_student(fleet, aligned):
    settings = replace(aligned, device="cpu")
    reference = fleet.framework("numpy", settings, "the reference", distillation.load, DEFAULT)
    reference.set_parameters(PARAMETERS)
    return reference


@pytest.fixture
def assert_within(record, framework):
    return checker(record, framework.known_deviation(), chapter="distilled")


def test_loss(student, reference_student, batch, assert_within):
    loss, right = (side.loss_and_gradients(*batch)[0] for side in (student(), reference_student))
    assert_within("loss", distance(loss, right, "loss"), FORWARD_BACKWARD)


def test_gradients(student, reference_student, batch, assert_within):
    gradients, expected = (side.loss_and_gradients(*batch)[1] for side in (student(), reference_student))
    assert_within("gradients", largest_distance(gradients, expected), FORWARD_BACKWARD)


def test_many_steps(student, reference_student, once, dataset, all_targets, assert_within, pytestconfig):
    steps = STEPS_OF_AN_EPOCH if pytestconfig.option.long else STEPS
    shown = steps * BATCH_SIZE
    call = (trace, dataset.train.images.first(shown), all_targets[:shown], PARAMETERS, steps, (1, steps))
    found = student().run(*call)
    expected = once(lambda: reference_student.run(*call), reference_student.settings, steps)
    assert_within(f"{steps} steps, loss", max(losses_apart(found, expected)), STEPS_LOSS)
    assert_within(f"{steps} steps, parameters", max(parameters_apart(found, expected)), STEPS_PARAMETERS)


def test_weight_0_is_training_on_labels(student, aligned, dataset, all_targets, assert_within):
    """At a weight of 0 the steps are those of the NumPy tutorial on the labels alone, at any temperature."""
    settings = replace(aligned, device="cpu")
    alone = NumPy(settings, numpy_distillation.MODELS, numpy_distillation.KERNEL_SHAPES)
    images, labels = (part.first(FEW_STEPS * BATCH_SIZE).array() for part in dataset.train)
    expected = trace(alone, images, labels, PARAMETERS, FEW_STEPS, [FEW_STEPS])
    call = (trace, images, all_targets[: len(labels)], PARAMETERS, FEW_STEPS, [FEW_STEPS])
    found = student(Distillation(weight=0.0)).run(*call)
    name = f"{FEW_STEPS} steps without a teacher"
    assert_within(f"{name}, loss", max(losses_apart(found, expected)), STEPS_LOSS)
    assert_within(f"{name}, parameters", max(parameters_apart(found, expected)), STEPS_PARAMETERS)


def test_at_a_high_temperature_logits_are_matched(student, batch):
    """Equation 4 of the paper: at a high temperature dL/dz is (z - t) / 10, of logits less their mean.

    softmax(z / T) is (1 + z / T) / 10 up to terms of (z / T)^2. Their ratio to z / T is that of the largest logit to T.
    """
    distilled = student(Distillation(HOT, weight=1.0))
    images, soft = batch
    z, t = (each - each.mean(axis=1, keepdims=True) for each in (distilled.logits(images), soft[:, 1]))
    expected = ((z - t) / 10).mean(axis=0)
    found = distilled.loss_and_gradients(*batch)[1]["dense_2/bias"]
    assert distance(found, expected, "dL/db").error < max(abs(z).max(), abs(t).max()) / HOT


def test_evaluation_is_by_labels_alone(student, reference_student, dataset, assert_within):
    images, labels = (part.first(256) for part in dataset.test)
    (loss, accuracy), (right, expected) = (side.evaluate(images, labels) for side in (student(), reference_student))
    assert_within("evaluation", distance(loss, right, "loss of test images"), FORWARD_BACKWARD)
    assert accuracy == pytest.approx(expected, abs=1.5 / 256)  # an image may have two logits equal in rounding


def test_fit_keeps_each_image_with_its_targets(student, reference_student, batch):
    """With a learning rate near 0 the mean loss of an epoch is that of all images, in any order."""
    expected, _ = reference_student.loss_and_gradients(*batch)
    still = student(learning_rate=2.0**-60, batch_size=BATCH_SIZE // 3)
    assert still.fit(*batch, 2)["loss"] == pytest.approx([expected] * 2, rel=FORWARD_BACKWARD["float32"])


def test_a_student_learns_from_a_teacher_alone(student, all_targets, dataset, pytestconfig):
    """The student reaches the required accuracy although every label is wrong. With --long: all images and epochs."""
    few = {"learning_rate": 2.0**-8}  # four times the usual one, as there are 256 steps
    epochs, shown, rate = (NETWORK.epochs, len(all_targets), {}) if pytestconfig.option.long else (2, FEW_IMAGES, few)
    wrong = (dataset.train.labels.first(shown).array() + 1) % 10
    distilled = student(Distillation(weight=1.0), dtype="float32", **rate)
    distilled.fit(dataset.train.images.first(shown), targets(wrong, all_targets[:shown, 1]), epochs)
    _, accuracy = distilled.evaluate(*dataset.test)
    assert accuracy >= required_accuracy(NETWORK, epochs)
