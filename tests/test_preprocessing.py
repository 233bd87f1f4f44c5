"""Every variant makes the same numbers of an image: pixel / 255, row by row, within one rounding of float32."""

import math

import numpy as np
import pytest

from harness.equality.limits import ONE_ROUNDING
from impls.contract import DATASET

ROWS, COLUMNS = DATASET.image_shape[:2]


def assert_scaled(framework, images, record):
    """`preprocess(images)` against division in float64."""
    expected = images.reshape(len(images), -1) / 255.0
    pixels = framework.preprocess(images)
    assert pixels.dtype == np.float32
    assert pixels.shape == expected.shape
    error = np.abs(pixels - expected)
    worst = np.unravel_index(error.argmax(), error.shape)
    print(f"{framework.name}: largest error {error.max():.2e} at {tuple(map(int, worst))}, limit {ONE_ROUNDING:.2e}")
    record("preprocessing", error=float(error.max()))
    assert error.max() <= ONE_ROUNDING, (
        f"{framework.name}: pixel {images.reshape(len(images), -1)[worst]} of image {worst[0]}, position {worst[1]} "
        f"became {pixels[worst]}, expected {expected[worst]}"
    )


def test_each_of_the_256_pixel_values(framework, record):
    images = np.resize(np.arange(256, dtype=np.uint8), (math.ceil(256 / DATASET.pixels), *DATASET.image_shape))
    assert_scaled(framework, images, record)


def test_dark_images_are_not_scaled_by_their_maximum(framework, record):
    assert_scaled(framework, np.ones((2, *DATASET.image_shape), np.uint8), record)


@pytest.mark.parametrize(
    ("row", "column"),
    [(0, 0), (0, -1), (-1, 0), (-1, -1), (ROWS // 4, 3 * COLUMNS // 4)],
    ids=["top-left", "top-right", "bottom-left", "bottom-right", "inside"],
)
def test_a_single_lit_pixel_stays_where_it_is(framework, row, column):
    """In all its channels, which lie side by side."""
    images = np.zeros((1, *DATASET.image_shape), np.uint8)
    images[0, row, column] = 255
    pixels = framework.preprocess(images)
    np.testing.assert_array_equal(np.flatnonzero(pixels), np.flatnonzero(images))


def test_full_test_set(framework, dataset, record):
    assert_scaled(framework, dataset.test.images.array(), record)
