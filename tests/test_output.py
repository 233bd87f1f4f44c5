"""Every variant answers with one row of probabilities for each image, whatever else is in the batch."""

import numpy as np
import pytest

from harness.equality.limits import BATCH_ORDER, ROW_SUM
from impls.contract import DATASET


@pytest.mark.parametrize("count", [1, DATASET.test], ids=["1", "all"])
def test_one_row_for_each_image(framework, dataset, count):
    images = dataset.test.images.first(count)
    assert framework.logits(images).shape == (count, DATASET.classes)
    probabilities = framework.probabilities(images)
    assert probabilities.shape == (count, DATASET.classes)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1, dtype=np.float64), 1, rtol=0, atol=ROW_SUM)


def test_probabilities_are_the_softmax_of_the_logits(framework, dataset):
    images = dataset.test.images.first(128)
    powers = np.exp(framework.logits(images).astype(np.float64))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(framework.probabilities(images), expected, rtol=0, atol=ROW_SUM)


def test_order_of_the_batch_does_not_matter(framework, dataset):
    images = dataset.test.images.first(128).array()
    order = np.random.default_rng(0).permutation(len(images))
    logits = framework.logits(images)
    np.testing.assert_allclose(framework.logits(images[order]), logits[order], rtol=0, atol=BATCH_ORDER)


def test_an_image_alone_has_the_logits_it_has_in_a_batch(framework, dataset):
    images = dataset.test.images.first(128).array()
    logits = framework.logits(images)
    np.testing.assert_allclose(framework.logits(images[7:8]), logits[7:8], rtol=0, atol=BATCH_ORDER)
