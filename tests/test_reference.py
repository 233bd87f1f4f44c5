"""The reference is right: its loss, gradients and Adam agree with other ways to compute them, for each network."""

import math

import numpy as np
import pytest
from scipy.special import logsumexp

import impls
from harness.equality.limits import has_convolutions
from impls.contract import DATASET, NETWORKS, Settings
from impls.numpy import mnist

WRITTEN = impls.variants()["numpy"].networks


def difference(network):
    """The change of a parameter, and the error that it leaves, relative to the tensor's largest entry.

    Central differences err by the square of the change, and by the rounding of the loss over it. The larger it is, the
    likelier one of the many ReLUs and maxima of a CNN flips between the two points: seen at 1e-6, with errors of 1e-4.
    At 1e-7 errors of 9e-8 were measured.
    """
    return (1e-7, 3e-7) if has_convolutions(NETWORKS[network]) else (1e-5, 1e-8)


@pytest.fixture(scope="module")
def images(dataset):
    return dataset.train.images.first(8).array()


@pytest.fixture(scope="module")
def labels(dataset):
    return dataset.train.labels.first(8).array()


def load(network, **settings):
    """The reference, with biases that are not 0, as a convolution of black pixels would stand on the ReLU's corner.

    Scales are not 1.
    """
    reference = impls.load("numpy", Settings(network=network, dtype="float64", **settings))
    parameters, random = reference.get_parameters(), np.random.default_rng(0)
    moved = {name: array for name, array in parameters.items() if name.endswith(("/bias", "/scale"))}
    moved = {name: array + random.normal(0, 0.1, array.shape) for name, array in moved.items()}
    reference.set_parameters(parameters | moved)
    return reference


def test_loss_by_another_way(images, labels):
    """-log of the probability that each image's label is given, with SciPy's log-sum-exp instead of our own."""
    reference = load("mlp")
    logits = reference.logits(images)
    expected = np.mean([logsumexp(row) - row[label] for row, label in zip(logits, labels, strict=True)])
    loss, _ = reference.evaluate(images, labels)
    assert loss == pytest.approx(expected, rel=1e-15)
    assert loss == pytest.approx(-np.log(reference.probabilities(images)[range(8), labels]).mean(), rel=1e-14)


def test_convolution_by_another_way():
    """Plane by plane with SciPy, which calls it a correlation, as the kernel is not turned."""
    from scipy.signal import correlate2d  # only here: its import takes a quarter of a second

    random = np.random.default_rng(0)
    x, kernel = random.normal(size=(2, 6, 4, 3)), random.normal(size=(3, 3, 3, 5))
    found = mnist.convolve(x, kernel)
    assert found.shape == (2, 6, 4, 5)
    for image, output in np.ndindex(2, 5):
        planes = [correlate2d(x[image, ..., c], kernel[..., c, output], mode="same") for c in range(3)]
        assert found[image, ..., output] == pytest.approx(sum(planes), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize(
    ("network", "name"), [(network, name) for network in WRITTEN for name in NETWORKS[network].shapes]
)
def test_gradients_against_finite_differences(images, labels, network, name):
    reference, (change, error) = load(network), difference(network)
    _, gradients = reference.loss_and_gradients(images, labels)
    parameters = reference.get_parameters()
    alike = gradients if name in NETWORKS[network].noise else [name]
    largest = max(np.abs(gradients[each]).max() for each in alike)
    random = np.random.default_rng(0)
    sizes = np.abs(gradients[name])
    lit = np.argwhere(sizes > sizes.max() / 100)  # most pixels are black: their gradients are 0
    for index in map(tuple, random.choice(lit, 4)):
        losses = []
        for sign in (1, -1):
            moved = {key: array.copy() for key, array in parameters.items()}
            moved[name][index] += sign * change
            reference.set_parameters(moved)
            losses.append(reference.loss_and_gradients(images, labels)[0])  # by the statistics of the batch, if any
        slope = (losses[0] - losses[1]) / (2 * change)
        assert slope == pytest.approx(gradients[name][index], abs=error * largest), index


@pytest.mark.parametrize("epsilon", [None, 2.0**-23, 1e-3])
def test_adam_against_the_algorithm_of_the_paper(images, labels, epsilon):
    """Algorithm 1 of arXiv:1412.6980, one scalar at a time; its epsilon is ours over sqrt(1 - beta_2^t).

    test_adamw_reference.py has the other networks.
    """
    reference = load("mlp", epsilon=epsilon)
    s, kernel = reference.settings, "dense_3/kernel"
    first = np.abs(reference.loss_and_gradients(images, labels)[1][kernel])
    index = np.unravel_index(first.argmax(), first.shape)
    value, m, v = reference.get_parameters()[kernel][index], 0.0, 0.0
    for t in range(1, 6):
        g = reference.loss_and_gradients(images, labels)[1][kernel][index]
        m = s.beta_1 * m + (1 - s.beta_1) * g
        v = s.beta_2 * v + (1 - s.beta_2) * g**2
        m_hat, v_hat = m / (1 - s.beta_1**t), v / (1 - s.beta_2**t)
        paper_epsilon = (epsilon or 1e-8) / math.sqrt(1 - s.beta_2**t)
        value -= s.learning_rate * m_hat / (math.sqrt(v_hat) + paper_epsilon)
        reference.train_step(reference.prepare_batch(images, labels))
        assert reference.get_parameters()[kernel][index] == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize(
    ("network", "layer", "above"),
    [("mlp", "dense_2", "dense_3"), ("cnn", "conv_1", "conv_2"), ("cnn", "dense_1", "dense_2")],
)
def test_a_relu_that_is_off_passes_no_gradient(images, labels, network, layer, above):
    reference = load(network)
    parameters = reference.get_parameters()
    parameters[f"{layer}/bias"][7] = -1e6
    reference.set_parameters(parameters)
    _, gradients = reference.loss_and_gradients(images, labels)
    assert not gradients[f"{layer}/kernel"][..., 7].any()  # the last axis is of outputs, the one before of inputs
    assert not gradients[f"{above}/kernel"][..., 7, :].any()


def test_equal_maxima_get_the_gradient_once():
    """The first of them, row by row; MNIST, mostly black, is full of them."""
    windows = np.array([[3, 3, 1, 2], [3, 0, 2, 2.0]]).reshape(1, 2, 4, 1)
    maxima, gradient = np.array([3, 2.0]).reshape(1, 1, 2, 1), np.array([5, 7.0]).reshape(1, 1, 2, 1)
    found = mnist.max_pool_gradient(gradient, windows, maxima)
    assert found.reshape(2, 4).tolist() == [[5, 0, 0, 7], [0, 0, 0, 0]]


def test_large_logits_do_not_overflow(images, labels):
    reference = load("mlp")
    parameters = reference.get_parameters()
    parameters["dense_3/bias"] += np.arange(DATASET.classes) * 1000.0
    reference.set_parameters(parameters)
    loss, gradients = reference.loss_and_gradients(images, labels)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())
