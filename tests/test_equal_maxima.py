"""A pooling window with equal maxima has several gradients; any of them is right if it is given once."""

import numpy as np
import pytest

import impls
from harness.equality.distance import largest_distance
from harness.equality.parameters import random_parameters
from impls.contract import NETWORKS, Settings
from impls.numpy import mnist
from impls.numpy.mnist import max_pool_gradient as first

pytestmark = pytest.mark.lessons


def last(dm, h, m):
    """The gradient of each maximum to the last that equals it."""
    return first(dm[:, ::-1, ::-1], h[:, ::-1, ::-1], m[:, ::-1, ::-1])[:, ::-1, ::-1]


def shared(dm, h, m):
    """In equal parts to all that equal it."""
    equal = everyone(np.ones_like(dm), h, m)
    return everyone(dm / sum(mnist.corners(equal)), h, m)


def everyone(dm, h, m):
    """Whole to each that equals it: not a gradient at all."""
    dh = np.zeros_like(h)
    for target, number in zip(mnist.corners(dh), mnist.corners(h), strict=True):
        target[...] = dm * (number == m)
    return dh


@pytest.mark.parametrize(("rule", "least", "most"), [(last, 0, 1e-13), (shared, 0, 1e-13), (everyone, 1, 10)])
def test_gradient_of_equal_maxima_must_be_given_once(dataset, monkeypatch, rule, least, most):
    """Largest error of a gradient of the CNN beside the first, row by row, who gets it in most frameworks."""
    images, labels = (reference.array() for reference in dataset.train.first(128))
    reference = impls.load("numpy", Settings(network="cnn", dtype="float64"))
    reference.set_parameters(random_parameters(NETWORKS["cnn"].shapes, seed=1, bias=0.1))
    _, right = reference.loss_and_gradients(images, labels)
    monkeypatch.setattr(mnist, "max_pool_gradient", rule)
    _, gradients = reference.loss_and_gradients(images, labels)
    error, where = largest_distance(gradients, right)
    print(f"{rule.__name__}: {error:.1e} at {where}")
    assert least <= error < most


def test_most_windows_of_the_first_pooling_have_equal_maxima(dataset):
    pixels = dataset.train.images.first(128).array().reshape(-1, 28, 28, 1) / 255
    kernel, bias = list(random_parameters(NETWORKS["cnn"].shapes, seed=1, bias=0.1).values())[:2]
    h = np.maximum(mnist.convolve(pixels, kernel) + bias, 0)
    equal = np.sum([number == np.max(mnist.corners(h), axis=0) for number in mnist.corners(h)], axis=0)
    lit = np.max(mnist.corners(h), axis=0) > 0
    print(f"{(equal > 1).mean():.0%} of the windows have equal maxima, {((equal > 1) & lit).mean():.0%} above 0")
    assert (equal > 1).mean() > 0.5
