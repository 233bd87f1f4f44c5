"""Trainings with an event after each epoch, or in a given order of the images."""

import math
import time

import numpy as np

from harness.workers.session import notify
from impls.adapter import Adapter
from impls.contract import changes_state


@changes_state
def train(implementation: Adapter, images, labels, epochs: int, *test: np.ndarray) -> dict[str, list[float]]:
    """Call `fit`; return its history with "seconds" of each epoch, and with "test_loss" and "accuracy" after each.

    `test`: images and labels that are evaluated after each epoch, untimed. The loss is in nats, the accuracy in [0, 1].
    Events: "training" (epochs), "epoch" (epoch, loss, seconds), "trained" (). Raises `FloatingPointError` if a loss is
    not finite.
    """
    seconds, tested = [], []
    started = time.perf_counter()

    def on_epoch(epoch: int, loss: float) -> None:
        nonlocal started
        seconds.append(time.perf_counter() - started)
        notify("epoch", epoch=epoch, loss=float(loss), seconds=seconds[-1])
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} after epoch {epoch}: the training has diverged")
        if test:
            tested.append(implementation.evaluate(*test))
        started = time.perf_counter()

    notify("training", epochs=epochs)
    try:
        history = implementation.fit(images, labels, epochs, on_epoch)
    finally:
        notify("trained")
    losses, accuracies = ([each[part] for each in tested] for part in (0, 1))
    return {**history, "seconds": seconds, "test_loss": losses, "accuracy": accuracies}


@changes_state
def train_on(implementation: Adapter, images, labels) -> float:
    """Take one training step on this batch; return the loss before the step, in nats."""
    return float(implementation.train_step(implementation.prepare_batch(images, labels)))


@changes_state
def follow(implementation: Adapter, images, labels, epochs: int, seed: int, shuffle: bool, drop_last: bool) -> None:
    """Train in the order drawn from `seed`, or in that of the images; with the last partial batch or without."""
    random = np.random.default_rng(seed)
    size = implementation.settings.batch_size
    end = len(images) - len(images) % size if drop_last else len(images)
    for _ in range(epochs):
        order = random.permutation(len(images)) if shuffle else np.arange(len(images))
        for first in range(0, end, size):
            rows = order[first : first + size]
            implementation.train_step(implementation.prepare_batch(images[rows], labels[rows]))


def overwrite_parameters(implementation: Adapter) -> None:
    """Overwrite the result of `get_parameters`, which must be a copy."""
    for array in implementation.get_parameters().values():
        array[:] = 7.0
