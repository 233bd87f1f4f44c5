"""The reference of distillation is right: its loss and gradients agree with other ways to compute them."""

import numpy as np
import pytest
from scipy.special import rel_entr, softmax

from harness.equality.parameters import random_parameters
from impls import distillation
from impls.contract import NETWORKS, Settings
from impls.distillation import STUDENT, Distillation, targets
from impls.numpy import distillation as numpy_distillation

pytestmark = pytest.mark.distillation
NETWORK = NETWORKS[STUDENT]
DEFAULT = Distillation()
BATCH_SIZE = 128
DIFFERENCE = 1e-5  # of a parameter, as for the MLP in test_reference.py


@pytest.fixture(scope="module")
def parameters():
    return random_parameters(NETWORK.shapes, seed=1, bias=0.1)


@pytest.fixture
def batch(dataset):
    """Images, and targets (128, 2, 10) of logits like a teacher's."""
    images, labels = (part.array() for part in dataset.train.first(BATCH_SIZE))
    noise = np.random.default_rng(0).normal(0, 3, (BATCH_SIZE, 10))
    return images, targets(labels, (noise + 16 * np.eye(10)[labels]).astype(np.float32))


def test_loss_of_the_reference_by_another_way():
    """By SciPy: the Kullback-Leibler divergence plus the teacher's entropy is the cross-entropy."""
    random = np.random.default_rng(0)
    z, t, labels = random.normal(0, 3, (8, 10)), random.normal(0, 3, (8, 10)), np.arange(8)
    loss, _ = numpy_distillation.make_loss(3.0, 0.7)(z, targets(labels, t))
    p, q = softmax(t / 3, axis=1), softmax(z / 3, axis=1)
    divergence, entropy = rel_entr(p, q).sum(axis=1), -(p * np.log(p)).sum(axis=1)
    hard = -np.log(softmax(z, axis=1)[labels, labels])
    assert loss == pytest.approx(np.mean(0.3 * hard + 0.7 * 9 * (divergence + entropy)), rel=1e-14)


@pytest.mark.parametrize("name", NETWORK.shapes)
def test_gradients_of_the_reference_against_finite_differences(batch, parameters, name):
    reference = distillation.load("numpy", Settings(network=STUDENT, dtype="float64"), DEFAULT)
    reference.set_parameters(parameters)
    _, gradients = reference.loss_and_gradients(*batch)
    index = np.unravel_index(abs(gradients[name]).argmax(), gradients[name].shape)
    losses = []
    for sign in (1, -1):
        moved = {key: array.astype(np.float64) for key, array in parameters.items()}
        moved[name][index] += sign * DIFFERENCE
        reference.set_parameters(moved)
        losses.append(reference.loss_and_gradients(*batch)[0])
    slope = (losses[0] - losses[1]) / (2 * DIFFERENCE)
    assert slope == pytest.approx(gradients[name][index], rel=1e-8)
