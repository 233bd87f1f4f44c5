"""Behaviour of the frameworks, as docs/explanation/lessons.md states it; -rP prints the numbers."""

import numpy as np
import pytest
from scipy.special import rel_entr, softmax

from tests.observed import distillation_losses_of_keras, errors_of_jax_division, losses_of_keras, returns_of_jax

pytestmark = pytest.mark.lessons
KERAS = ["keras-tensorflow", "keras-torch", "keras-jax"]
SMALLEST = 1e-7  # Keras clips probabilities there: `keras.config.epsilon()`


@pytest.fixture
def observe(build_variant):
    """Return a function that runs another one in the worker of the variant, and prints what it returns."""

    def observe(function, *arguments):
        found = build_variant().run(function, *arguments)
        print(found)
        return found

    return observe


@pytest.mark.parametrize("name", ["jax"])
def test_jax_divides_by_multiplying(observe):
    """x / 255 under XLA is x * (1 / 255), rounded twice; in units of the error that one rounding may make."""
    errors = observe(errors_of_jax_division)
    assert errors["scalar"] > 2
    assert errors["array"] <= 1


@pytest.mark.parametrize("name", ["jax"])
def test_jax_returns_before_it_is_done(observe):
    """A prediction of 10,000 images is handed back while it is still being computed."""
    assert observe(returns_of_jax)["unready"] > 0


@pytest.mark.parametrize("name", KERAS)
def test_a_loss_on_probabilities_depends_on_the_backend(observe, name):
    """Keras clips probabilities at 1e-7; on TensorFlow it looks up their logits."""
    losses = observe(losses_of_keras)
    assert losses["logits"] == pytest.approx(40)
    assert losses["probabilities"] == pytest.approx(40 if name == "keras-tensorflow" else 16.118, abs=0.001)


def divergence(p, q):
    """Return the mean over the rows of the Kullback-Leibler divergence."""
    return rel_entr(p, q).sum(axis=1).mean()


@pytest.mark.parametrize("name", KERAS)
def test_keras_distillation_default_omits_the_softmax(observe):
    """Keras applies the softmax and T^2 only if the loss is a `KLDivergence` object. Its default is a function.

    So the default is the divergence of the logits, clipped as if they were probabilities, without T^2.
    """
    temperature, logits = 4.0, np.random.default_rng(0).normal(0, 8, (2, 4, 10)).astype("float32")
    found, softened = observe(distillation_losses_of_keras, *logits, temperature), logits / temperature
    assert found["default"] == pytest.approx(divergence(*softened.clip(SMALLEST, 1)), rel=1e-5)
    assert found["an object"] == pytest.approx(temperature**2 * divergence(*softmax(softened, axis=2)), rel=1e-5)
