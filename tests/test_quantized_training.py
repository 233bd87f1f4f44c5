"""Quantization-aware training of every variant equals the reference's: loss, gradients and steps, in float64.

The reference is impls/numpy/quantization.py in float64.
"""

from dataclasses import replace

import numpy as np
import pytest

from harness.equality.distance import distance, largest_distance
from harness.equality.limits import (
    EXACT_HYPERPARAMETERS,
    FORWARD_BACKWARD,
    STEPS,
    STEPS_LOSS,
    STEPS_PARAMETERS,
    gradient_tolerance,
    has_convolutions,
)
from harness.equality.trace import losses_apart, parameters_apart, trace
from impls import quantization
from tests.equivalence import checker

pytestmark = pytest.mark.quantization
BATCH_SIZE = 64
ALIGNED = {"dtype": "float64", "batch_size": BATCH_SIZE, **EXACT_HYPERPARAMETERS}


@pytest.fixture
def candidate(framework, initial, scales):
    """The quantized network of the variant, with the reference's hyperparameters and parameters."""
    candidate = framework.rebuild(quantization.load, scales).with_settings(**ALIGNED)
    candidate.set_parameters(initial)
    return candidate


@pytest.fixture
def quantized_reference(fleet, candidate, initial, scales):
    settings = replace(candidate.settings, device="cpu")
    reference = fleet.framework("numpy", settings, "the reference", quantization.load, scales)
    reference.set_parameters(initial)
    return reference


@pytest.fixture
def assert_within(record, candidate):
    return checker(record, candidate.known_deviation(), chapter="quantized")


def test_gradients_of_the_straight_through_rule(candidate, quantized_reference, dataset, initial, assert_within):
    """The parameters are so large that weights, activations and logits are clipped."""
    large = {name: array * np.float32(1.25) for name, array in initial.items()}
    candidate.set_parameters(large)
    quantized_reference.set_parameters(large)
    batch = dataset.train.first(BATCH_SIZE)
    loss, gradients = candidate.loss_and_gradients(*batch)
    expected_loss, expected = quantized_reference.loss_and_gradients(*batch)
    assert_within("loss", distance(loss, expected_loss, "loss"), FORWARD_BACKWARD)
    assert_within("gradients", largest_distance(gradients, expected), gradient_tolerance(candidate.network))


def test_many_steps(candidate, quantized_reference, once, dataset, initial, assert_within, pytestconfig):
    """Only in float64: in float32, one parameter that is rounded the other way separates the trainings at once."""
    short = has_convolutions(candidate.network) and not pytestconfig.option.long
    steps = STEPS // 10 if short else STEPS
    call = (trace, *dataset.train, initial, steps, (steps,))
    found = candidate.run(*call)
    expected = once(lambda: quantized_reference.run(*call), quantized_reference.settings, steps)
    assert_within(f"{steps} steps, loss", max(losses_apart(found, expected)), {"float64": STEPS_LOSS["float64"]})
    assert_within(f"{steps} steps, parameters", max(parameters_apart(found, expected)), STEPS_PARAMETERS)
    assert found.losses[-1] < found.losses[0], "equal, but not learning"
