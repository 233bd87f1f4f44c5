"""A limit is above what rounding does, and not far above: a looser one would let mistakes through."""

import numpy as np
import pytest

import impls
from harness.equality import limits
from harness.equality.distance import largest_distance
from impls.contract import NETWORKS, Settings

MLP = NETWORKS["mlp"]
# A limit is not so many times what rounding does. Measured: at most 49 and 457, by OpenBLAS' kernels for four kinds of
# processors, on one and two threads.
FAR = {"float32": 100, "float64": 1000}
ORDER = np.random.default_rng(0).permutation(784)


def after_a_step(dtype, parameters, images, labels):
    """Logits, gradients, moments and parameters of NumPy in an aligned step from `parameters`, in that dtype."""
    network = impls.load("numpy", Settings(dtype=dtype, **limits.EXACT_HYPERPARAMETERS))
    network.set_parameters(parameters)
    logits = network.logits(images)
    _, gradients = network.loss_and_gradients(images, labels)
    network.train_step(network.prepare_batch(images, labels))
    return {"logits": logits}, gradients, *network.get_moments(), network.get_parameters()


def with_pixels_in(order, tensors):
    return tensors | {name: tensors[name][order] for name in tensors if name == "dense_1/kernel"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_limit_is_near_above_rounding(dataset, dtype):
    """Rounding shows between a step and one in float64 that sums up the pixels of an image in another order."""
    images, labels = (reference.array() for reference in dataset.train.first(128))
    parameters = impls.load("numpy").get_parameters()
    shuffled = images.reshape(-1, 784)[:, ORDER].reshape(images.shape)
    found = after_a_step(dtype, parameters, images, labels)
    others = after_a_step("float64", with_pixels_in(ORDER, parameters), shuffled, labels)
    scales = [None, None, None, None, limits.EXACT_HYPERPARAMETERS["learning_rate"]]
    moments = limits.moment_tolerance(MLP)
    held_to = [limits.FORWARD_BACKWARD, limits.FORWARD_BACKWARD, moments, moments, limits.STEP]
    for actual, expected, scale, limit in zip(found, others, scales, held_to, strict=True):
        error = largest_distance(actual, with_pixels_in(ORDER.argsort(), expected), scale).error
        assert limit[dtype] / FAR[dtype] < error < limit[dtype]


@pytest.mark.parametrize(("epochs", "accuracy"), [(9, 0.94), (10, 0.97), (11, 0.97)])
def test_longer_training_must_learn_more(epochs, accuracy):
    assert limits.required_accuracy(MLP, epochs) == pytest.approx(accuracy)
