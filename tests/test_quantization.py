"""A quantized network of every variant equals the reference in integers bit by bit, and its training equals NumPy's.

The reference is impls/numpy/quantization.py: in integers for the activations, in float64 for the training.
"""

from dataclasses import replace

import numpy as np
import pytest

from harness.edge.exports import ExportCache
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
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, parameters_apart, trace
from impls import quantization
from impls.numpy.quantization import calibrate, integer_activations, integer_logits
from impls.quantization import CALIBRATED_ON, LOGITS, dequantized, integers, scaled
from tests.equivalence import checker

pytestmark = pytest.mark.quantization
BATCH_SIZE = 64
TRAINED_ON = 2000  # images of quantization-aware training, before all logits are compared again


@pytest.fixture(scope="module")
def calibrated(dataset):
    """Return initial parameters and their scales, for the network of a framework."""
    known = {}

    def calibrated(framework):
        network = framework.settings.network
        if network not in known:
            parameters = random_parameters(framework.network.shapes, seed=1, bias=0.1)
            images = dataset.train.images.first(CALIBRATED_ON).array()
            known[network] = parameters, calibrate(network, parameters, images)
        return known[network]

    return calibrated


@pytest.fixture
def parameters(framework, calibrated):
    return calibrated(framework)[0]


@pytest.fixture
def scales(framework, calibrated):
    return calibrated(framework)[1]


@pytest.fixture
def quantized(framework, parameters, scales):
    """The quantized network with these parameters, in float32, as it is deployed."""
    quantized = framework.rebuild(quantization.load, scales)
    quantized.set_parameters(parameters)
    return quantized


@pytest.fixture
def images(framework, dataset, pytestconfig):
    """All test images; for convolutions a tenth of them without --long, as test_edge.py always takes all."""
    short = has_convolutions(framework.network) and not pytestconfig.option.long
    return dataset.test.images.first(len(dataset.test.images.array()) // (10 if short else 1))


@pytest.fixture
def aligned(framework):
    return replace(framework.settings, dtype="float64", batch_size=BATCH_SIZE, **EXACT_HYPERPARAMETERS)


@pytest.fixture
def candidate(quantized, aligned, parameters):
    """The quantized network in float64, aligned."""
    candidate = quantized.with_settings(**vars(aligned))
    candidate.set_parameters(parameters)
    return candidate


@pytest.fixture
def reference(fleet, aligned, parameters, scales):
    reference = fleet.framework("numpy", replace(aligned, device="cpu"), "the reference", quantization.load, scales)
    reference.set_parameters(parameters)
    return reference


@pytest.fixture
def assert_within(record, candidate):
    return checker(record, candidate.known_deviation(), chapter="quantized")


def assert_equal(found, expected, what):
    """Require equality to the last bit; the message counts the differences, and has the largest."""
    off = np.abs(np.asarray(found, np.float64) - expected)
    assert not off.any(), f"{np.count_nonzero(off):,} of {off.size:,} {what} differ, by up to {off.max():g}"


def test_scales_come_from_training_images(framework, dataset, tmp_path):
    """The scales of an exported file depend on the first 1,000 training images, and on no test image."""
    few = dataset._replace(train=dataset.train.first(TRAINED_ON), test=dataset.test.first(CALIBRATED_ON))
    trained = ExportCache(tmp_path, few, interpreter=str, epochs=1).trained(framework).trained
    images = dataset.train.images.first(CALIBRATED_ON).array()
    expected = calibrate(framework.settings.network, trained["float"].parameters, images)
    for scales in (each.scales for each in trained.values()):
        assert_equal([*scales.inputs.values()], [*expected.inputs.values()], "scales of inputs")
        assert_equal([scales.logits], [expected.logits], "scales of logits")


def test_integers_of_parameters(quantized, parameters, scales):
    expected = integers(parameters, scales)
    for name, found in quantized.whole_numbers().items():
        assert_equal(found, expected[name], f"integers of {name}")


def test_integers_of_ties(quantized, parameters, scales):
    """Parameters halfway between two integers round to even. They are products: a quotient would be another number."""
    halfway = {name: array + 0.5 for name, array in integers(parameters, scales).items()}
    tied = dequantized(halfway, scales)
    ties = {name: np.mean(array % 1 == 0.5) for name, array in scaled(tied, scales).items()}
    assert all(0.1 < part < 1 for name, part in ties.items() if name.endswith("kernel")), ties
    quantized.set_parameters(tied)
    expected = integers(tied, scales)
    for name, found in quantized.whole_numbers().items():
        assert_equal(found, expected[name], f"integers of {name}")


def test_activations(quantized, parameters, scales, dataset):
    images = dataset.test.images.first(256)
    expected = integer_activations(integers(parameters, scales), scales, images.array())
    names = [*(f"inputs of {layer}" for layer in scales.layers), "logits"]
    for name, found, right in zip(names, quantized.activations(images), expected, strict=True):
        assert_equal(found, right, name)


def test_activations_of_ties(quantized, parameters, scales, dataset):
    """Sums that one float32 product takes halfway between two integers round to even. Two products would miss them."""
    tied = {name: np.zeros(array.shape, np.int8) for name, array in parameters.items()}  # so that sums are biases
    for layer, factors in scales.factors.items():
        halves = np.arange(LOGITS[1])[:, None] + 0.5  # (127, 1)
        biases = np.rint(halves / factors.output)  # -> (127, outputs)
        hit = biases.astype(np.float32) * factors.output == halves
        assert hit.any(axis=0).mean() > 0.1, f"{layer} has no ties"
        tied[f"{layer}/bias"] = np.take_along_axis(biases, np.argmax(hit, axis=0)[None], axis=0)[0]  # -> (outputs,)
    quantized.set_parameters(dequantized(tied, scales))
    image = dataset.test.images.first(1)
    expected = integer_activations(integers(dequantized(tied, scales), scales), scales, image.array())
    for layer, found, right in zip(scales.layers, quantized.activations(image)[1:], expected[1:], strict=True):
        assert_equal(found, right, f"outputs of {layer}")


def test_all_logits(quantized, parameters, scales, images, once):
    integer_parameters = integers(parameters, scales)
    quantization.check_exact(integer_parameters, scales)
    expected = once(lambda: integer_logits(integer_parameters, scales, images.array()), scales.network, images.count)
    assert len(np.unique(expected)) > 100
    assert_equal(quantized.logits(images), expected * np.float32(scales.logits), "logits")


def test_all_logits_after_training(quantized, scales, dataset, images):
    quantized.fit(*dataset.train.first(TRAINED_ON), 1)
    integer_parameters = integers(quantized.get_parameters(), scales)
    quantization.check_exact(integer_parameters, scales)
    expected = integer_logits(integer_parameters, scales, images.array())
    assert_equal(quantized.logits(images), expected * np.float32(scales.logits), "logits")
    labels = dataset.test.labels.array()[: len(expected)]
    assert np.mean(expected.argmax(axis=1) == labels) > 0.5, "equal, but not learning"


def test_gradients_of_the_straight_through_rule(candidate, reference, dataset, parameters, assert_within):
    """The parameters are so large that weights, activations and logits are clipped."""
    large = {name: array * np.float32(1.25) for name, array in parameters.items()}
    candidate.set_parameters(large)
    reference.set_parameters(large)
    batch = dataset.train.first(BATCH_SIZE)
    (loss, gradients), (right, expected) = (side.loss_and_gradients(*batch) for side in (candidate, reference))
    assert_within("loss", distance(loss, right, "loss"), FORWARD_BACKWARD)
    assert_within("gradients", largest_distance(gradients, expected), gradient_tolerance(candidate.network))


def test_many_steps(candidate, reference, once, dataset, parameters, assert_within, pytestconfig):
    """Only in float64: in float32, one parameter that is rounded the other way separates the trainings at once."""
    short = has_convolutions(candidate.network) and not pytestconfig.option.long
    steps = STEPS // 10 if short else STEPS
    call = (trace, *dataset.train, parameters, steps, (steps,))
    found, expected = candidate.run(*call), once(lambda: reference.run(*call), reference.settings, steps)
    assert_within(f"{steps} steps, loss", max(losses_apart(found, expected)), {"float64": STEPS_LOSS["float64"]})
    assert_within(f"{steps} steps, parameters", max(parameters_apart(found, expected)), STEPS_PARAMETERS)
    assert found.losses[-1] < found.losses[0], "equal, but not learning"
