"""By how much does a default change a training? `python -m studies.default_effects`, 10 minutes.

NumPy trains twice in float64, from equal parameters and batches. The result is the relative difference of the loss.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

import impls
from harness.data.lazy import Parts
from harness.equality.limits import STEPS
from harness.equality.parameters import random_parameters
from harness.equality.trace import Trace, losses_apart, trace
from impls.contract import Settings
from impls.numpy import mnist, resnet, vit
from studies.shared import dataset, print_table


class EpsilonAfterCorrection(mnist.Adam):
    """Adam as in PyTorch: epsilon is added to sqrt(v) after its bias correction."""

    def step(self, params, grads):
        """Update `params` in place."""
        given, correction = self.epsilon, 1 - self.beta_2 ** (self.steps + 1)
        self.epsilon = given * correction**0.5
        super().step(params, grads)
        self.epsilon = given


class WeightDecayInGradient(mnist.Adam):
    """Adam as in PyTorch with `weight_decay`: L2 regularization of the kernels, in the gradient."""

    def step(self, params, grads):
        """Update `params` in place."""
        decayed = {name: 0.01 * params[name] for name in grads if name.endswith("/kernel")}
        super().step(params, {name: g + decayed.get(name, 0) for name, g in grads.items()})


def gelu_by_tanh(a):
    """Return the tanh form of GELU (arXiv:1606.08415), and its `backward`."""
    c = (2 / np.pi) ** 0.5
    t = np.tanh(c * (a + 0.044715 * a**3))
    return a * (1 + t) / 2, lambda dh: dh * ((1 + t) / 2 + a * (1 - t**2) / 2 * c * (1 + 3 * 0.044715 * a**2))


class Side(NamedTuple):
    """One of two trainings: its settings, its optimizer, and values of a module of impls/numpy."""

    settings: dict | None = None
    optimizer: Callable | None = None
    module: object = mnist
    values: dict | None = None


ADAMW = partial(dict, optimizer="adamw")
EFFECTS = (  # default, network, the two sides
    ("Adam: epsilon, 1e-8 and 1e-7", "mlp", Side({"epsilon": 1e-8}), Side({"epsilon": 1e-7})),
    ("Adam: epsilon is added after, before", "mlp", Side(optimizer=EpsilonAfterCorrection), Side()),
    (
        "Adam: weight_decay 0.01, L2, decoupled",
        "mlp",
        Side(optimizer=WeightDecayInGradient),
        Side(ADAMW(weight_decay=0.01)),
    ),
    ("AdamW: weight decay, 0.01 and 0.004", "mlp", Side(ADAMW(weight_decay=0.01)), Side(ADAMW(weight_decay=0.004))),
    ("AdamW: weight decay, 0.01 and 0.0001", "mlp", Side(ADAMW(weight_decay=0.01)), Side(ADAMW(weight_decay=1e-4))),
    (
        "BatchNorm: epsilon, 1e-5 and 1e-3",
        "resnet",
        Side(module=resnet, values={"EPSILON": 1e-5}),
        Side(module=resnet, values={"EPSILON": 1e-3}),
    ),
    (
        "LayerNorm: epsilon, 1e-5 and 1e-3",
        "vit",
        Side(module=vit, values={"EPSILON": 1e-5}),
        Side(module=vit, values={"EPSILON": 1e-3}),
    ),
    ("GELU: erf, tanh", "vit", Side(), Side(module=vit, values={"gelu": gelu_by_tanh})),
)


def train(network: str, side: Side, data: Parts) -> Trace:
    """Return the trace of a training in float64."""
    settings = Settings(network, dtype="float64", **(side.settings or {}))
    adapter = impls.load("numpy", settings)
    if side.optimizer:
        adapter.optimizer = side.optimizer(adapter.params)
    with ExitStack() as stack:
        for name, value in (side.values or {}).items():
            stack.enter_context(patch.object(side.module, name, value))
        images, labels = (each.array() for each in data.train.first(STEPS * settings.batch_size))
        return trace(adapter, images, labels, random_parameters(adapter.network.shapes, seed=1), STEPS)


def main() -> None:
    """Print a row for each default."""
    data, rows = dataset(), []
    for default, network, *sides in EFFECTS:
        apart = losses_apart(*(train(network, side, data) for side in sides))
        rows.append((default, network, *(f"{error:.1e}" for error, _ in (apart[1], apart[9], max(apart)))))
    title = f"Relative difference of the loss within {STEPS} steps, in float64"
    print_table(title, ("default", "network", "step 2", "step 10", "largest"), rows)


if __name__ == "__main__":
    main()
