"""`fit` uses every image once in each epoch, in an order that depends on the seed and on the epoch."""

import numpy as np
import pytest

from harness.equality.limits import EXACT_HYPERPARAMETERS, FORWARD_BACKWARD
from harness.equality.trace import trace

pytestmark = pytest.mark.equivalence
LEARNING_RATE = 2.0**-14  # so small that eight epochs of two images, large ones too, leave a loss to compare
EPOCHS_WATCHED = 8  # a fair shuffle of two puts the same first in all of them once in 128 times


def test_fit_uses_every_image_once(framework, reference, dataset, initial, batch_size):
    """With a learning rate that changes nothing, an epoch's loss is the loss of all images, partial batch included.

    Where a batch is normalised by its own statistics, the loss of an image depends on the others in its batch, and so
    on the order. There a batch is one image, and the epoch's loss is the mean of the losses of single images.
    """
    alone = bool(framework.network.state)
    images, labels = (each.array() for each in dataset.train.first(20 if alone else 300))
    settings = EXACT_HYPERPARAMETERS | {"learning_rate": 2.0**-60, "batch_size": 1 if alone else batch_size}
    still = framework.with_settings(**settings)
    still.set_parameters(initial)
    parts = np.split(np.arange(len(images)), len(images) if alone else 1)
    expected = np.mean([reference.loss_and_gradients(images[rows], labels[rows])[0] for rows in parts])
    assert still.fit(images, labels, 2)["loss"] == pytest.approx([expected] * 2, rel=FORWARD_BACKWARD["float32"])


def test_fit_shuffles_by_the_seed(framework, dataset, initial, batch_size):
    """Another seed is another order of the batches, and so another loss; the parameters are the same at first."""
    images, labels = dataset.train.first(512)
    losses = []
    for seed in (1, 2):
        shuffled = framework.with_settings(seed=seed, batch_size=batch_size)
        shuffled.set_parameters(initial)
        losses += shuffled.fit(images, labels, 1)["loss"]
    assert losses[0] != pytest.approx(losses[1], rel=1e-4)


def test_fit_shuffles_anew_in_each_epoch(framework, reference, of_reference, dataset, initial):
    """From two images in batches of one, the loss of an epoch tells which came first: not always the same."""
    settings = {"batch_size": 1, "learning_rate": LEARNING_RATE}
    shuffled = framework.with_settings(dtype="float64", **EXACT_HYPERPARAMETERS | settings)
    shuffled.set_parameters(initial)
    reported = shuffled.fit(*dataset.train.first(2), EPOCHS_WATCHED)["loss"]
    images, labels = dataset.train.images.first(2).array(), dataset.train.labels.first(2).array()
    seen = []  # which image came at each step
    for loss in reported:
        tried = []
        for order in ([0, 1], [1, 0]):
            rows = [*seen, *order]
            call = (trace, images[rows], labels[rows], initial, len(rows))
            losses = of_reference(lambda: reference.with_settings(**settings).run(*call), *rows).losses  # noqa: B023
            tried.append((abs(np.mean(losses[-2:]) - loss), order))
        error, order = min(tried)
        seen += order
        assert error < 1e-5 * loss, f"an epoch's loss of {loss} comes from neither order of the two images"
    orders = {tuple(seen[first : first + 2]) for first in range(0, len(seen), 2)}
    assert len(orders) == 2, f"{framework.name}: {seen[:2]} in each of {EPOCHS_WATCHED} epochs"
