"""The default distillation loss of Keras differs from the definition; the test fails once Keras fixes it."""

import numpy as np
import pytest
from scipy.special import rel_entr, softmax

from tests.test_lessons import measured

pytestmark = pytest.mark.lessons
TEMPERATURE = 4.0
SMALLEST = 1e-7  # Keras clips probabilities there: `keras.config.epsilon()`
LOGITS = np.random.default_rng(0).normal(0, 8, (2, 4, 10))  # of a teacher and a student
KERAS = f"""
import json, keras, numpy
from keras.distillation import LogitsDistillation
teacher, student = numpy.array({LOGITS.tolist()}, "float32")
ways = {{"default": LogitsDistillation({TEMPERATURE})}}
ways["an object"] = LogitsDistillation({TEMPERATURE}, keras.losses.KLDivergence())
print(json.dumps({{name: float(way.compute_loss(teacher, student)) for name, way in ways.items()}}))
"""


def divergence(p, q):
    """Return the mean over the rows of the Kullback-Leibler divergence."""
    return rel_entr(p, q).sum(axis=1).mean()


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_keras_distils_logits_without_a_softmax_unless_the_loss_is_an_object(backend):
    """Keras applies the softmax and T^2 only if the loss is a `KLDivergence` object. Its default is a function.

    So the default is the divergence of the logits, clipped as if they were probabilities, without T^2.
    """
    found = measured(KERAS, backend, KERAS_BACKEND=backend)
    softened = LOGITS / TEMPERATURE
    assert found["default"] == pytest.approx(divergence(*softened.clip(SMALLEST, 1)), rel=1e-5)
    assert found["an object"] == pytest.approx(TEMPERATURE**2 * divergence(*softmax(softened, axis=2)), rel=1e-5)
