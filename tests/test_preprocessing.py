"""Every variant makes the same 784 numbers of an image: pixel / 255, row by row, within one rounding of float32."""

import numpy as np
import pytest

from harness.equality.limits import ONE_ROUNDING


def assert_scaled(framework, images, record):
    """`preprocess(images)` against division in float64."""
    expected = images.reshape(len(images), 784) / 255.0
    pixels = framework.preprocess(images)
    assert pixels.dtype == np.float32
    assert pixels.shape == expected.shape
    error = np.abs(pixels - expected)
    worst = np.unravel_index(error.argmax(), error.shape)
    print(f"{framework.name}: largest error {error.max():.2e} at {tuple(map(int, worst))}, limit {ONE_ROUNDING:.2e}")
    record("preprocessing", error=float(error.max()))
    assert error.max() <= ONE_ROUNDING, (
        f"{framework.name}: pixel {images.reshape(len(images), 784)[worst]} of image {worst[0]}, position {worst[1]} "
        f"became {pixels[worst]}, expected {expected[worst]}"
    )


def test_each_of_the_256_pixel_values(framework, record):
    images = np.zeros((1, 28, 28), np.uint8)
    images.reshape(-1)[:256] = np.arange(256)
    assert_scaled(framework, images, record)


@pytest.mark.parametrize("value", [0, 1, 255])
def test_images_of_one_value(framework, record, value):
    assert_scaled(framework, np.full((2, 28, 28), value, np.uint8), record)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 27), (27, 0), (27, 27), (3, 20)])
def test_a_single_lit_pixel_stays_where_it_is(framework, row, column):
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, row, column] = 255
    pixels = framework.preprocess(images)
    assert np.flatnonzero(pixels).tolist() == [28 * row + column]


def test_full_test_set(framework, dataset, record):
    assert_scaled(framework, dataset.test.images.array(), record)
