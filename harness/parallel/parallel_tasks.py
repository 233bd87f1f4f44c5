"""Tasks of the processes of a team. Each runs them with its own share of the same implementation."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from impls.adapter import Adapter
from impls.contract import changes_state

STEPS = 10  # of a block


@changes_state
def milliseconds(implementation: Adapter, images, labels) -> float:
    """Return milliseconds of a training step on this batch, the mean of `STEPS`."""
    batch = implementation.prepare_batch(images, labels)
    implementation.get_parameters()  # waits for the steps before, in every framework
    started = time.perf_counter()
    for _ in range(STEPS):
        implementation.train_step(batch)
    implementation.get_parameters()
    return 1000 * (time.perf_counter() - started) / STEPS


@contextmanager
def recorded_losses(names: dict) -> Iterator[list[float]]:
    """Yield a list of the losses, in nats, that the function `train_step` of a namespace returns within the block."""
    losses, step = [], names["train_step"]

    def recorded(*arguments):
        loss = step(*arguments)
        losses.append(float(loss))
        return loss

    with patch.dict(names, train_step=recorded):
        yield losses


@changes_state
def losses_of_fit(implementation: Adapter, images, labels) -> list[float]:
    """Train for an epoch by the `fit` of a team. Return the loss of each step, in nats."""
    names = vars(implementation)
    names["train_step"] = implementation.train_step  # where `fit` finds it first
    with recorded_losses(names) as losses:
        implementation.fit(images, labels, 1)
    return losses
