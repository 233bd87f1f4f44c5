"""Batch normalization of the frameworks' own layers: in float32 under float64, or with another running variance."""

import pytest

import impls
from tests.processes import measured

pytestmark = [pytest.mark.lessons, pytest.mark.long]

# Relative differences between two trainings in float64, as the tutorial is written and with its normalization replaced.
PROGRAM = """
import json, sys
sys.path.insert(0, ".")
import impls
from harness.equality.distance import largest_distance
from harness.equality.limits import EXACT_HYPERPARAMETERS
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, trace
from impls.contract import NETWORKS, Settings
from impls.files import read_dataset

variant, folder = {variant!r}, {folder!r}
settings = Settings("resnet", dtype="float64", batch_size=64, **EXACT_HYPERPARAMETERS)
call = (*read_dataset(folder)[0], random_parameters(NETWORKS["resnet"].shapes, seed=1), 3)
written = impls.load(variant, settings)
expected = trace(written, *call)
resnet = impls.import_(variant, "resnet")
{replacement}
own = impls.load(variant, settings)
loss = max(losses_apart(trace(own, *call), expected)).error
state, right = own.get_state(), written.get_state()
means, variances = (
    largest_distance(state, {{name: array for name, array in right.items() if name.endswith(kind)}}).error
    for kind in ("mean", "variance")
)
print(json.dumps({{"loss": loss, "mean": means, "variance": variances}}))
"""

PYTORCH = "import torch; resnet.BatchNorm2d = torch.nn.BatchNorm2d"
KERAS = """
import keras
def batch_norm(channels):
    return keras.layers.BatchNormalization(momentum=resnet.MOMENTUM, epsilon=resnet.EPSILON)
resnet.BatchNorm = batch_norm
"""

ROUNDING, IN_FLOAT32, UNBIASED = (0, 1e-11), (1e-10, 1e-3), (1e-5, 1e-3)


@pytest.mark.parametrize(
    ("variant", "replacement", "limits"),
    [
        ("pytorch", PYTORCH, {"loss": ROUNDING, "mean": ROUNDING, "variance": UNBIASED}),
        ("keras-jax", KERAS, {"loss": IN_FLOAT32, "mean": IN_FLOAT32, "variance": IN_FLOAT32}),
        ("keras-tensorflow", KERAS, {"loss": ROUNDING, "mean": ROUNDING, "variance": ROUNDING}),
    ],
    ids=["pytorch", "keras-jax", "keras-tensorflow"],
)
def test_own_batch_normalization_in_float64(dataset, variant, replacement, limits):
    """PyTorch keeps n / (n - 1) times the variance, with n = 64 x 7 x 7 at least. Keras on JAX casts to float32."""
    chosen = impls.variants()[variant]
    code = PROGRAM.format(variant=variant, folder=dataset.directory, replacement=replacement)
    errors = measured(code, " ".join(chosen.packages), **chosen.environment)
    for name, (low, high) in limits.items():
        assert low <= errors[name] <= high, name
