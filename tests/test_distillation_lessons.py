"""The default distillation loss of Keras differs from the definition; the test fails once Keras fixes it."""

import pytest
from scipy.special import rel_entr, softmax

from tests.programs import LOGITS, TEMPERATURE, of_keras

pytestmark = pytest.mark.lessons
SMALLEST = 1e-7  # Keras clips probabilities there: `keras.config.epsilon()`


def divergence(p, q):
    """Return the mean over the rows of the Kullback-Leibler divergence."""
    return rel_entr(p, q).sum(axis=1).mean()


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_keras_distillation_default_omits_the_softmax(backend):
    """Keras applies the softmax and T^2 only if the loss is a `KLDivergence` object. Its default is a function.

    So the default is the divergence of the logits, clipped as if they were probabilities, without T^2.
    """
    found = of_keras(backend)["distillation"]
    softened = LOGITS / TEMPERATURE
    assert found["default"] == pytest.approx(divergence(*softened.clip(SMALLEST, 1)), rel=1e-5)
    assert found["an object"] == pytest.approx(TEMPERATURE**2 * divergence(*softmax(softened, axis=2)), rel=1e-5)
