"""How far apart two results are, and two trainings on the same batches, step by step."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from impls.contract import Implementation

STEPS_IN_TURN = 10  # of either side in lockstep: at each change two thread pools dispute the cores for a while


class Distance(NamedTuple):
    """The largest error of a result, relative to the largest entry of the expected tensor, and where it is."""

    error: float
    where: str

    def __str__(self) -> str:
        return f"{self.error:.1e} at {self.where}"


def distance(actual: np.ndarray, expected: np.ndarray, name: str, scale: float | None = None) -> Distance:
    """Largest |actual - expected|, divided by `scale` or, without it, by the largest |expected|.

    Both of any shape, but the same; floats. An error that is no number, or unequal shapes, count as infinite.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if actual.shape != expected.shape:
        return Distance(np.inf, f"{name}, whose shape is {actual.shape} instead of {expected.shape}")
    error = np.abs(actual - expected)
    worst = np.unravel_index(error.argmax(), error.shape)  # NaN counts as the largest
    size = scale or np.abs(expected).max() or 1.0
    index = f"[{', '.join(map(str, worst))}]" if error.ndim else ""
    return Distance(float(np.nan_to_num(error[worst] / size, nan=np.inf, posinf=np.inf)), name + index)


def largest_distance(
    actual: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], scale: float | None = None
) -> Distance:
    """The worst of all tensors."""
    return max(distance(actual[name], expected[name], name, scale) for name in expected)


def lockstep(
    implementation: Implementation, referee: Implementation, images: np.ndarray, labels: np.ndarray, steps: int
) -> dict[str, list]:
    """Train both on the same batches, in order, from the parameters of `referee`, and compare them after each step.

    - `images`, `labels`: uint8 (n, 28, 28) and (n,), cut into batches of `settings.batch_size`, the last one smaller,
      and started over when they are used up.

    Returns one item for each step: "loss" and "parameters", `Distance` as (error, where), and "values", the losses of
    `implementation` in nats.
    """
    implementation.set_parameters(referee.get_parameters())
    size = referee.settings.batch_size
    starts = range(0, len(images), size)
    trace = {"loss": [], "parameters": [], "values": []}

    def step(side: Implementation, number: int) -> tuple[float, dict[str, np.ndarray]]:
        start = starts[number % len(starts)]
        batch = side.prepare_batch(images[start : start + size], labels[start : start + size])
        return float(side.train_step(batch)), side.get_parameters()

    for first in range(0, steps, STEPS_IN_TURN):
        turn = range(first, min(first + STEPS_IN_TURN, steps))
        expected = [step(referee, number) for number in turn]
        for number, (right_loss, right_parameters) in zip(turn, expected, strict=True):
            loss, parameters = step(implementation, number)
            worst = largest_distance(parameters, right_parameters)
            trace["loss"].append(distance(loss, right_loss, f"loss of step {number + 1}"))
            trace["parameters"].append(Distance(worst.error, f"{worst.where} after step {number + 1}"))
            trace["values"].append(loss)
    return trace
