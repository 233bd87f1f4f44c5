"""Defaults and behaviour of the frameworks, as docs/explanation/lessons.md states them; -rP prints the numbers."""

import pytest

from tests.programs import of_jax, of_keras

pytestmark = pytest.mark.lessons


def test_jax_divides_by_multiplying():
    """x / 255 under XLA is x * (1 / 255), rounded twice; in units of the error that one rounding may make."""
    assert of_jax()["scalar"] > 2
    assert of_jax()["array"] <= 1


def test_jax_returns_before_it_is_done():
    """The prediction of 10,000 images is handed back while it is still being computed."""
    assert of_jax()["unready"] > 0


@pytest.mark.parametrize(("backend", "loss"), [("tensorflow", 40.0), ("torch", 16.118), ("jax", 16.118)])
def test_a_loss_on_probabilities_depends_on_the_backend(backend, loss):
    """An answer that is 40 nats off: Keras clips probabilities at 1e-7, but on TensorFlow looks up their logits."""
    assert of_keras(backend)["logits"] == pytest.approx(40)
    assert of_keras(backend)["probabilities"] == pytest.approx(loss, abs=0.001)


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_jit_compile_auto_means_something_else_on_each_backend(backend):
    """On JAX yes, on PyTorch no, on TensorFlow only where there is more than a CPU."""
    found = of_keras(backend)
    expected = {"tensorflow": found["sees_more_than_a_cpu"], "torch": False, "jax": True}
    assert found["compiled"] == expected[backend]


@pytest.mark.parametrize(("backend", "orders"), [("tensorflow", 1), ("torch", 4), ("jax", 4)])
def test_keras_on_tensorflow_repeats_the_shuffle_if_seeded(backend, orders):
    """In how many different orders four epochs of one `fit` see eight images."""
    assert of_keras(backend)["steps"] == 32
    assert of_keras(backend)["orders"] == orders
