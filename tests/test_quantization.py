"""The integers of a quantized network equal the reference's bit by bit, in every variant.

The reference is impls/numpy/quantization.py.
"""

import numpy as np
import pytest

from harness.edge.exports import ExportCache
from harness.equality.limits import has_convolutions
from impls import quantization
from impls.contract import Settings
from impls.numpy.quantization import calibrate, integer_activations, integer_logits
from impls.quantization import CALIBRATED_ON, LOGITS, dequantized, integers, scaled

pytestmark = pytest.mark.quantization
TRAINED_ON = 2000  # images of quantization-aware training, before all logits are compared again


@pytest.fixture
def quantized(framework, initial, scales):
    """The quantized network with the initial parameters, in float32, as it is deployed."""
    quantized = framework.rebuild(quantization.load, scales)
    quantized.set_parameters(initial)
    return quantized


@pytest.fixture
def images(framework, dataset, pytestconfig):
    """All test images; for convolutions a tenth of them without --long, as test_edge.py always takes all."""
    short = has_convolutions(framework.network) and not pytestconfig.option.long
    return dataset.test.images.first(len(dataset.test.images.array()) // (10 if short else 1))


def assert_equal(found, expected, what):
    """Require equality to the last bit; the message counts the differences, and has the largest."""
    off = np.abs(np.asarray(found, np.float64) - expected)
    assert not off.any(), f"{np.count_nonzero(off):,} of {off.size:,} {what} differ, by up to {off.max():g}"


def test_scales_come_from_training_images(fleet, dataset, tmp_path):
    """The scales of an exported file depend on the first 1,000 training images, and on no test image.

    The cache of exports, which computes them, is that of all variants.
    """
    framework = fleet.framework("numpy", Settings())
    few = dataset._replace(train=dataset.train.first(TRAINED_ON), test=dataset.test.first(CALIBRATED_ON))
    trained = ExportCache(tmp_path, few, interpreter=str, epochs=1).trained(framework).trained
    images = dataset.train.images.first(CALIBRATED_ON).array()
    expected = calibrate(framework.settings.network, trained["float"].parameters, images)
    for scales in (each.scales for each in trained.values()):
        assert_equal([*scales.inputs.values()], [*expected.inputs.values()], "scales of inputs")
        assert_equal([scales.logits], [expected.logits], "scales of logits")


def test_integers_of_parameters(quantized, initial, scales):
    expected = integers(initial, scales)
    for name, found in quantized.whole_numbers().items():
        assert_equal(found, expected[name], f"integers of {name}")


def test_integers_of_ties(quantized, initial, scales):
    """Parameters halfway between two integers round to even. They are products: a quotient would be another number."""
    halfway = {name: array + 0.5 for name, array in integers(initial, scales).items()}
    tied = dequantized(halfway, scales)
    ties = {name: np.mean(array % 1 == 0.5) for name, array in scaled(tied, scales).items()}
    assert all(0.1 < part < 1 for name, part in ties.items() if name.endswith("kernel")), ties
    quantized.set_parameters(tied)
    expected = integers(tied, scales)
    for name, found in quantized.whole_numbers().items():
        assert_equal(found, expected[name], f"integers of {name}")


def test_activations(quantized, initial, scales, dataset):
    images = dataset.test.images.first(256)
    expected = integer_activations(integers(initial, scales), scales, images.array())
    names = [*(f"inputs of {layer}" for layer in scales.layers), "logits"]
    for name, found, right in zip(names, quantized.activations(images), expected, strict=True):
        assert_equal(found, right, name)


def test_activations_of_ties(quantized, initial, scales, dataset):
    """Sums that one float32 product takes halfway between two integers round to even. Two products would miss them."""
    tied = {name: np.zeros(array.shape, np.int8) for name, array in initial.items()}  # so that sums are biases
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


def test_all_logits(quantized, initial, scales, images, once):
    integer_parameters = integers(initial, scales)
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
