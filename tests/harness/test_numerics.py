"""A candidate that computes something else is detected, and the first check that changed says where."""

import math

import numpy as np
import pytest

from harness.equality.trace import Trace
from harness.regression.numerics import NUMERICAL, SAME, Finding
from harness.regression.pair import Pair
from impls.contract import Settings
from tests.fakes import FakeWorker

SCALED_NUMPY = """
def mlp(params, x, right=mlp):
    z, backward = right(params, x)
    return z * 1.01, backward
MODELS = {"mlp": mlp}
"""
EPSILON_NUMPY = """
class Adam(Adam):
    def __init__(self, params, learning_rate, beta_1, beta_2, epsilon=1e-6):
        super().__init__(params, learning_rate, beta_1, beta_2, epsilon)
"""
OTHER_ORDER_NUMPY = """
right = gradients
def gradients(params, **layers):
    grads = right(params, **layers)
    bias = grads["dense_1/bias"]
    return grads | {"dense_1/bias": np.nextafter(bias, bias.dtype.type(1))}
"""
ROUGH_NUMPY = """
class Adam(Adam):
    def step(self, params, grads):
        super().step(params, grads)
        for v in self.v.values():
            if v.dtype == np.float32:
                v.view(np.uint32)[:] &= 0xFFFF0000  # what bfloat16 holds
"""


@pytest.fixture
def check(dataset):
    """Return a function: the finding of one check between two fakes. `answers`: function -> both answers."""

    def check(name, **answers):
        sides = [FakeWorker(**{function: both[side] for function, both in answers.items()}) for side in (0, 1)]
        return NUMERICAL[name](Pair("numpy", Settings(), dataset, sides))

    return check


@pytest.mark.parametrize(
    ("code", "changed", "alike"),
    [
        (SCALED_NUMPY, {"logits": "logits", "gradients": ""}, {"initialisation", "defaults"}),
        (
            EPSILON_NUMPY,
            {"defaults": "epsilon: 1e-08 -> 1e-06", "native-training": "loss of step"},
            {"initialisation", "logits", "gradients", "training"},
        ),
    ],
    ids=["scaled", "epsilon"],
)
def test_change_is_detected_and_located(findings, code, changed, alike):
    """`changed`: check -> a part of its reason. `alike`: checks that must not change."""
    found = findings(NUMERICAL, code)
    assert {name: found[name].word for name in alike} == dict.fromkeys(alike, "identical")
    for name, reason in changed.items():
        assert found[name].word == "changed"
        assert reason in found[name].reason


def test_change_in_float32_only_is_detected(findings):
    training = findings(NUMERICAL, ROUGH_NUMPY)["training"]
    assert training.word == "changed"
    assert " in float32: " in training.reason


def test_other_network_and_other_pixels_are_detected(check):
    parameters = [{"bias": np.zeros(1)}, {"bias": np.zeros(2)}, {"bias": np.zeros(1), "kernel": np.zeros(1)}]
    assert check("network", parameter_count=(1, 1), get_parameters=(parameters[0], parameters[1])).word == "changed"
    found = check("network", parameter_count=(1, 1), get_parameters=(parameters[0], parameters[2]))
    assert "only in the candidate" in found.reason
    assert check("preprocessing", preprocess=(np.zeros(3), np.ones(3))).word == "changed"


@pytest.mark.parametrize(("width", "word"), [(1 / 16, "redrawn"), (1.0, "changed")])
def test_other_numbers_are_redrawn_unless_their_width_changed(check, width, word):
    random = np.random.default_rng(0)
    before, after = random.uniform(-1 / 16, 1 / 16, 10), random.uniform(-width, width, 10)
    assert check("initialisation", get_parameters=({"bias": before}, {"bias": after})).word == word


def test_other_order_of_sums_is_rounding(findings):
    found = findings(NUMERICAL, OTHER_ORDER_NUMPY)
    assert found["gradients"].word == found["training"].word == "within rounding"


@pytest.mark.parametrize(
    ("losses", "parameter", "expected"),
    [
        ([3.0, 2.0, math.nan], 0.0, SAME),
        ([3.0, 2.0 + 1e-12, math.nan], 0.0, Finding("within rounding", "float32 differs in bits from step 2")),
        ([3.0, 2.0, math.nan], -0.0, Finding("within rounding", "float32 differs in bits from step 4")),
    ],
    ids=["none", "a loss", "only the parameters after the last step"],
)
def test_first_step_that_differs_is_reported(check, losses, parameter, expected):
    """NaN has equal bits, and -0.0 has others than 0.0."""
    baseline = Trace([3.0, 2.0, math.nan], {3: {"bias": np.array([0.0])}})
    candidate = Trace(losses, {3: {"bias": np.array([parameter])}})
    assert check("training", trace=(baseline, candidate)) == expected
