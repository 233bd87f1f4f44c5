"""How far apart two results are, and two trainings on the same batches, step by step."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from impls.contract import Implementation


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
    error = np.nan_to_num(np.abs(actual - expected), nan=np.inf)
    worst = np.unravel_index(error.argmax(), error.shape)
    size = scale or np.abs(expected).max() or 1.0
    index = f"[{', '.join(map(str, worst))}]" if error.ndim else ""
    return Distance(float(error[worst] / size), name + index)


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
    for step in range(steps):
        rows = slice(starts[step % len(starts)], starts[step % len(starts)] + size)
        expected = float(referee.train_step(referee.prepare_batch(images[rows], labels[rows])))
        actual = float(implementation.train_step(implementation.prepare_batch(images[rows], labels[rows])))
        trace["loss"].append(distance(actual, expected, f"loss of step {step + 1}"))
        after = f" after step {step + 1}"
        worst = largest_distance(implementation.get_parameters(), referee.get_parameters())
        trace["parameters"].append(Distance(worst.error, worst.where + after))
        trace["values"].append(actual)
    return trace
