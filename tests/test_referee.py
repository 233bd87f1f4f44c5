"""The referee can be believed: its loss, gradients and Adam agree with other ways to compute them."""

import math

import numpy as np
import pytest
from scipy.special import logsumexp

import impls
from impls.contract import PARAMETER_NAMES, Settings

DIFFERENCE = 1e-5  # of a parameter; central differences err by its square and by the rounding of the loss over it
DIFFERENCE_ERROR = 1e-8  # what that leaves of a gradient, relative to the tensor's largest entry; measured 1e-9


@pytest.fixture(scope="module")
def images(mnist):
    return mnist.train.images.first(32).array()


@pytest.fixture(scope="module")
def labels(mnist):
    return mnist.train.labels.first(32).array()


@pytest.fixture
def referee():
    return impls.load("numpy", Settings(dtype="float64"))


def test_loss_by_another_way(referee, images, labels):
    """-log of the probability that each image's label is given, with SciPy's log-sum-exp instead of our own."""
    logits = referee.logits(images)
    expected = np.mean([logsumexp(row) - row[label] for row, label in zip(logits, labels, strict=True)])
    loss, _ = referee.loss_and_gradients(images, labels)
    assert loss == pytest.approx(expected, rel=1e-15)
    assert loss == pytest.approx(-np.log(referee.probabilities(images)[range(32), labels]).mean(), rel=1e-14)


@pytest.mark.parametrize("name", PARAMETER_NAMES)
def test_gradients_against_finite_differences(referee, images, labels, name):
    _, gradients = referee.loss_and_gradients(images, labels)
    parameters = referee.get_parameters()
    largest = np.abs(gradients[name]).max()
    random = np.random.default_rng(0)
    lit = np.argwhere(np.abs(gradients[name]) > largest / 100)  # most pixels are black: their gradients are 0
    for index in map(tuple, random.choice(lit, 20)):
        losses = []
        for sign in (1, -1):
            moved = {key: array.copy() for key, array in parameters.items()}
            moved[name][index] += sign * DIFFERENCE
            referee.set_parameters(moved)
            losses.append(referee.loss_and_gradients(images, labels)[0])
        slope = (losses[0] - losses[1]) / (2 * DIFFERENCE)
        assert slope == pytest.approx(gradients[name][index], abs=DIFFERENCE_ERROR * largest), index


@pytest.mark.parametrize("epsilon", [None, 2.0**-23, 1e-3])
def test_adam_against_the_algorithm_of_the_paper(images, labels, epsilon):
    """Algorithm 1 of arXiv:1412.6980, one scalar at a time; its epsilon is ours over sqrt(1 - beta_2^t)."""
    referee = impls.load("numpy", Settings(dtype="float64", epsilon=epsilon))
    s, index = referee.settings, (3, 5)
    value, m, v = referee.get_parameters()["dense_2/kernel"][index], 0.0, 0.0
    for t in range(1, 6):
        g = referee.loss_and_gradients(images, labels)[1]["dense_2/kernel"][index]
        m = s.beta_1 * m + (1 - s.beta_1) * g
        v = s.beta_2 * v + (1 - s.beta_2) * g**2
        m_hat, v_hat = m / (1 - s.beta_1**t), v / (1 - s.beta_2**t)
        paper_epsilon = (epsilon or 1e-8) / math.sqrt(1 - s.beta_2**t)
        value -= s.learning_rate * m_hat / (math.sqrt(v_hat) + paper_epsilon)
        referee.train_step(referee.prepare_batch(images, labels))
        assert referee.get_parameters()["dense_2/kernel"][index] == pytest.approx(value, rel=1e-13)


def test_a_relu_that_is_off_passes_no_gradient(referee, images, labels):
    parameters = referee.get_parameters()
    parameters["dense_2/bias"][7] = -1e6
    referee.set_parameters(parameters)
    _, gradients = referee.loss_and_gradients(images, labels)
    assert not gradients["dense_2/kernel"][:, 7].any()
    assert not gradients["dense_3/kernel"][7].any()


def test_large_logits_do_not_overflow(referee, images, labels):
    parameters = referee.get_parameters()
    parameters["dense_3/bias"] += np.arange(10) * 1000.0
    referee.set_parameters(parameters)
    loss, gradients = referee.loss_and_gradients(images, labels)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())
