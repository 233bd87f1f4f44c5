"""The differences that docs/explanation/lessons.md tells of are there, as large as it says; -rP prints the numbers."""

from dataclasses import replace

import numpy as np
import pytest

from harness.equality.limits import EXACT_HYPERPARAMETERS, STEPS, STEPS_OF_AN_EPOCH
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, trace
from impls import Case
from tests.equivalence import short

pytestmark = pytest.mark.lessons


@pytest.fixture
def loss_errors(build_reference, dataset, pytestconfig, record):
    """Relative error of the loss compared with the reference's at each of a hundred steps, with --long of an epoch.

    From equal parameters and of equal settings. With a name it is recorded, as a lesson.
    """
    steps = STEPS_OF_AN_EPOCH if pytestconfig.option.long else STEPS

    def measure(framework, lesson=""):
        sides = framework, build_reference(replace(framework.settings, dtype="float64"))
        call = (trace, *dataset.train, random_parameters(framework.network.shapes, seed=1), steps)
        apart = losses_apart(*(side.run(*call) for side in sides))
        errors = [error for error, _ in apart]
        print(
            f"{framework.name}: step 2 {errors[1]:.1e}, step 10 {errors[9]:.1e}, largest of {steps} {max(errors):.1e}"
        )
        if lesson:
            record("lesson", Case(framework.name, framework.settings.network), name=lesson, errors=short(apart))
        return errors

    return measure


@pytest.mark.parametrize("name", ["pytorch"])
@pytest.mark.trajectory
def test_epsilon_has_two_places(build_variant, loss_errors):
    """PyTorch's own epsilon of 1e-8 and the aligned one of the same size part the losses; aligned, they do not."""
    exact = EXACT_HYPERPARAMETERS | {"epsilon": None}
    native = loss_errors(build_variant(dtype="float64", **exact), "PyTorch's own epsilon")
    aligned = loss_errors(build_variant(dtype="float64", **exact | {"epsilon": 1e-8}))
    assert max(native) > 1e-4
    assert max(aligned) < 1e-12


@pytest.mark.parametrize("name", ["keras-tensorflow"])
@pytest.mark.trajectory
def test_float32_rounds_beta_2_inside_keras_adam(build_variant, loss_errors):
    """With beta_2 = 0.999 Keras departs from the reference in float64 too; with 1 - 2**-10 it does not."""
    usual = build_variant(dtype="float64", epsilon=1e-7)
    assert max(loss_errors(usual, "Keras' rounded beta_2")) > 1e-3
    exact = build_variant(dtype="float64", **EXACT_HYPERPARAMETERS)
    assert max(loss_errors(exact)) < 1e-12


@pytest.mark.parametrize("name", ["pytorch"])
def test_pytorch_computes_the_correction_in_double(build_variant, loss_errors):
    assert max(loss_errors(build_variant(dtype="float64", epsilon=1e-7))) < 1e-12


@pytest.mark.parametrize("name", ["numpy"])
def test_adam_fills_its_moments_with_denormal_numbers(build_variant, dataset):
    """A weight whose pixel is dark for 800 steps has m = 0.9**800 of what it was, below the least normal float32."""
    numpy = build_variant()
    numpy.fit(*dataset.train, 2)
    m = numpy.get_moments()[0]["dense_1/kernel"]
    denormal = float(((m != 0) & (abs(m) < np.finfo("float32").tiny)).mean())
    print(f"after 2 epochs {denormal:.1%} of the first kernel's m are denormal numbers")
    assert denormal > 0.01


def test_initialisers_differ(framework, dataset):
    """The spread of the first kernel: PyTorch 1/sqrt(3 inputs), Keras and TensorFlow sqrt(2/(inputs + outputs)).

    JAX and NumPy take He's, sqrt(2/inputs). Of the MLP, with 784 inputs and 512 outputs: 0.0206, 0.0393 and 0.0505.
    """
    kernel = next(array for array in framework.get_parameters().values())
    inputs, outputs = np.prod(kernel.shape[:-1]), np.prod(kernel.shape[:-2]) * kernel.shape[-1]
    spread, sampling = float(kernel.std()), 3 / kernel.size**0.5
    loss, _ = framework.evaluate(*dataset.test)
    print(f"{framework.name}: standard deviation {spread:.4f}, loss before training {loss:.3f}")
    own = {"pytorch": 1 / (3 * inputs), "jax": 2 / inputs, "numpy": 2 / inputs}  # variances
    expected = own.get(framework.name, 2 / (inputs + outputs)) ** 0.5
    assert abs(spread / expected - 1) < max(0.01, sampling)
