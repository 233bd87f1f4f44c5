"""A training step by step, and the distances between two."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from harness.equality.distance import Distance, distance, largest_distance
from impls.adapter import Adapter
from impls.contract import changes_state


class Trace(NamedTuple):
    """The record of a training.

    - `losses`: before each step, in nats.
    - `parameters`: after the steps in `kept`, by the number of the step, counted from 1.
    """

    losses: list[float]
    parameters: dict[int, dict[str, np.ndarray]]


@changes_state
def trace(
    implementation: Adapter,
    images: np.ndarray,
    labels: np.ndarray,
    initial: Mapping[str, np.ndarray],
    steps: int,
    kept: Collection[int] = (),
) -> Trace:
    """Take steps from `initial`, parameters or a checkpoint, on batches in order, the last of an epoch smaller.

    A batch has `settings.batch_size` images. A checkpoint goes on with the batch after its own.
    """
    taken = int(initial.get("steps", 0))
    if "steps" in initial:
        implementation.set_checkpoint(initial)
    else:
        implementation.set_parameters(initial)
    size = implementation.settings.batch_size
    starts = range(0, len(images), size)
    found = Trace([], {})
    for step in range(taken + 1, taken + steps + 1):
        start = starts[(step - 1) % len(starts)]
        batch = implementation.prepare_batch(images[start : start + size], labels[start : start + size])
        found.losses.append(float(implementation.train_step(batch)))
        if step in kept:
            found.parameters[step] = implementation.get_parameters()
    return found


def losses_apart(actual: Trace, expected: Trace) -> list[Distance]:
    """Return the distance of the losses at each step."""
    pairs = zip(actual.losses, expected.losses, strict=True)
    return [distance(loss, right, f"loss of step {step}") for step, (loss, right) in enumerate(pairs, 1)]


def parameters_apart(actual: Trace, expected: Trace, noise: Collection[str] = ()) -> list[Distance]:
    """Return the largest distance of the parameters after each step at which they were kept."""
    pairs = {step: (actual.parameters[step], right) for step, right in expected.parameters.items()}
    worst = {step: largest_distance(*pair, noise=noise) for step, pair in pairs.items()}
    return [Distance(error, f"{where} after step {step}") for step, (error, where) in worst.items()]
