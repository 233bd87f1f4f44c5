"""The definition of quantization has bfloat16 scales and exact sums, and proves that the sums are exact."""

import numpy as np
import pytest

from impls import quantization
from impls.contract import NETWORKS
from impls.numpy.quantization import calibrate, int32_sums
from impls.quantization import (
    EXACT,
    ROOM,
    Scales,
    bfloat16,
    check_exact,
    dequantized,
    integers,
    kernel_scales,
    largest_sums,
)

pytestmark = pytest.mark.quantization
OUTPUTS = 3


@pytest.fixture
def scales():
    """The scales of a network with one layer."""
    return Scales("mlp", {"layer": np.full(OUTPUTS, 0.5, "float32")}, {"layer": 0.25}, 2.0)


def test_bfloat16_keeps_eight_bits_and_rounds_half_to_even():
    one, two = 1 + 2.0**-8, 1 + 3 * 2.0**-8  # halfway between two of them
    assert bfloat16([1.0, one, two, -1 / 3]).tolist() == [1.0, 1.0, 1 + 2.0**-6, -0.333984375]


def test_products_of_two_scales_are_exact(scales):
    random = np.random.default_rng(0)
    numbers = bfloat16(random.uniform(1e-4, 1, 1000))
    assert (numbers[:500] * numbers[500:] == numbers[:500].astype(float) * numbers[500:]).all()


def test_kernel_scales_minimize_the_squared_error():
    kernel = np.random.default_rng(0).normal(size=(400, OUTPUTS)).astype("float32")
    for largest, less in ((127, 1.0), (1, 0.6)):
        [found, usual] = kernel_scales(kernel, largest), np.abs(kernel).max(axis=0) / largest
        errors = [
            np.square(kernel - each * np.clip(np.rint(kernel / each), -largest, largest)).mean()
            for each in (found, usual)
        ]
        assert errors[0] <= less * errors[1] * 1.01


def test_scales_leave_room_for_exact_sums():
    """The sums of 1,000 equal weights of 127 steps each would be too large."""
    kernel = np.ones((1000, OUTPUTS), "float32")
    steps = np.rint(kernel / kernel_scales(kernel, 127))
    assert 255 * np.abs(steps).sum(axis=0).max() <= ROOM * 1.05
    assert EXACT < 255 * 127 * 1000


def test_an_output_without_weights_has_a_scale():
    assert (kernel_scales(np.zeros((4, OUTPUTS)), 127) > 0).all()


def test_dequantized_parameters_have_the_same_integers(scales):
    parameters = {"layer/kernel": np.array([[-127, 0, 127]], np.int8), "layer/bias": np.array([-3, 0, 3], np.int32)}
    found = dequantized(parameters, scales)
    assert found["layer/kernel"].tolist() == [[-63.5, 0, 63.5]]
    assert found["layer/bias"].tolist() == [-0.375, 0, 0.375]
    again = integers(found, scales)
    assert all((again[name] == parameters[name]).all() for name in parameters)


@pytest.mark.parametrize("excess", [0, 1])
def test_largest_sum_is_of_the_worst_image(scales, excess):
    """The pixels of that image are 255 where weights have one sign, and 0 where they have the other."""
    inputs = EXACT // (255 * 127)
    kernel = np.full((inputs, OUTPUTS), 127, np.int8)
    room = EXACT - 255 * 127 * inputs
    parameters = {"layer/kernel": kernel, "layer/bias": np.array([0, 0, room - 1 + excess], np.int32)}
    assert largest_sums(parameters, scales) == {"layer": EXACT - 1 + excess}
    if excess:
        with pytest.raises(ValueError, match="layer of mlp: sums can reach 16,777,216, and float32 counts exactly"):
            check_exact(parameters, scales)
    else:
        check_exact(parameters, scales)


def test_weights_of_both_signs_do_not_add_up(scales):
    kernel = np.repeat(np.array([[127], [-127]], np.int8), 400, axis=0).repeat(OUTPUTS, axis=1)
    parameters = {"layer/kernel": kernel, "layer/bias": np.zeros(OUTPUTS, np.int32)}
    assert largest_sums(parameters, scales) == {"layer": 255 * 127 * 400}


def test_sums_by_blas_are_those_of_integers(dataset):
    images = dataset.test.images.first(20).array().reshape(20, -1)
    kernel = np.random.default_rng(0).integers(-127, 128, (784, 10)).astype(np.int8)
    bias = np.arange(10, dtype=np.int32)
    assert (int32_sums(images, kernel, bias) == images.astype(np.int32) @ kernel.astype(np.int32) + bias).all()


def test_a_dead_layer_is_refused(dataset):
    parameters = {name: np.zeros(shape, "float32") for name, shape in NETWORKS["mlp"].shapes.items()}
    with pytest.raises(ValueError, match="mlp cannot be quantized: dense_2 has nothing but 0 of these 10 images"):
        calibrate("mlp", parameters, dataset.train.images.first(10).array())


def test_quantization_exists_for_written_networks_alone():
    assert quantization.exists("keras-jax", "cnn")
    assert not quantization.exists("keras-jax", "another")
