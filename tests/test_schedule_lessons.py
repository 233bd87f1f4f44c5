"""Schedules as shipped: PyTorch's compute in float64; those of optax and Keras in float32, under float64 as well."""

import pytest

from tests.processes import measured

pytestmark = [pytest.mark.lessons, pytest.mark.long]

TRAINING = """
import json, sys
sys.path.insert(0, ".")
import numpy, impls
from harness.equality.limits import EXACT_HYPERPARAMETERS
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, trace
from impls.contract import NETWORKS, Cosine, Settings
from impls.numpy.adamw import cosine

variant, folder, name = {arguments}
adamw = impls.import_(variant, "adamw")
def shipped(peak, warmup, steps, first, last):
    return {shipped}
setattr(adamw, name, shipped)
how = {{"optimizer": "adamw", "weight_decay": 2.0**-6, "schedule": Cosine(16, 100, 1 / 16, 1 / 64)}}
settings = Settings("mlp", dtype="float64", **how, **EXACT_HYPERPARAMETERS)
sides = impls.load(variant, settings), impls.load("numpy", settings)
(images, labels), _ = sides[1].load_dataset(folder)
parameters = random_parameters(NETWORKS["mlp"].shapes, seed=1)
loss = max(losses_apart(*(trace(side, images, labels, parameters, 100) for side in sides))).error
numbers = settings.learning_rate, *vars(settings.schedule).values()
rate = max(abs(float(shipped(*numbers)(numpy.int32(t))) / cosine(*numbers)(t) - 1) for t in range(100))
print(json.dumps({{"rate": rate, "loss": loss}}))
"""
OPTAX = "adamw.optax.warmup_cosine_decay_schedule(first * peak, peak, warmup, steps, last * peak)"
KERAS = (
    "adamw.keras.optimizers.schedules.CosineDecay"
    "(first * peak, steps - warmup, last, warmup_target=peak, warmup_steps=warmup)"
)

PYTORCH = """
import json, sys
sys.path.insert(0, ".")
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from impls.numpy.adamw import cosine

optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0**-10)
warmup = LinearLR(optimizer, 1 / 16, 1, 16)
scheduler = SequentialLR(optimizer, [warmup, CosineAnnealingLR(optimizer, 84, 2.0**-16)], [16])
rate, errors = cosine(2.0**-10, 16, 100, 1 / 16, 1 / 64), []
for t in range(100):
    errors.append(abs(optimizer.param_groups[0]["lr"] / rate(t) - 1))
    optimizer.step()
    scheduler.step()
print(json.dumps({"rate": max(errors)}))
"""


@pytest.mark.parametrize(
    ("variant", "packages", "name", "shipped"),
    [
        ("jax", "jax optax", "cosine", OPTAX),
        ("keras-jax", "keras jax", "Cosine", KERAS),
        ("keras-tensorflow", "keras tensorflow", "Cosine", KERAS),
    ],
)
def test_schedules_of_optax_and_keras_are_float32(dataset, variant, packages, name, shipped):
    """Relative errors: of the rate, and of the loss within 100 steps of AdamW in float64."""
    code = TRAINING.format(arguments=(variant, dataset.directory, name), shipped=shipped)
    found = measured(code, packages)
    assert 1e-8 < found["rate"] < 1e-5
    assert 1e-9 < found["loss"] < 1e-6


def test_schedules_of_pytorch_are_float64():
    assert measured(PYTORCH, "torch")["rate"] < 1e-14
