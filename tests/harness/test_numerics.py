"""A candidate that computes something else is found out, and the first check that changed says where."""

import sys
from contextlib import ExitStack
from types import SimpleNamespace

import numpy as np
import pytest

from harness.equality.limits import STEPS_OF_AN_EPOCH
from harness.equality.trace import Trace, trace
from harness.regression.numerics import CHECKS, REDRAWN, _first_difference, _likeness, _train
from harness.regression.pair import CandidateFailed, Pair
from harness.workers.worker import Worker, WorkerSpec
from impls.contract import Settings
from studies.spoiled import environment
from tests.fakes import STEPS as SOME
from tests.fakes import SpoiledNumpy
from tests.project import require

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
INITIALISER_NUMPY = """
he_normal = init
def init(random, kernels, dtype):
    return {name: array * np.asarray(0.7, dtype) for name, array in he_normal(random, kernels, dtype).items()}
"""
OTHER_NUMBERS_NUMPY = """
he_normal = init
def init(random, kernels, dtype):
    random.normal()
    return he_normal(random, kernels, dtype)
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
FAILING_NUMPY = """
def gradients(params, **layers):
    raise RuntimeError("no gradients any more")
"""
LEAKY_TORCH = """
relu = lambda x, inplace=False: leaky_relu(x, 0.01)
"""
EPSILON_TORCH = """
shipped = Adam.__init__
def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, *arguments, **options):
    shipped(self, params, lr, betas, eps, *arguments, **options)
Adam.__init__ = __init__
"""
INITIALISER_TORCH = """
shipped = kaiming_uniform_
def kaiming_uniform_(tensor, a=0, *arguments, **options):
    return shipped(tensor, 1, *arguments, **options)
"""

# Name: what is changed, {check that must change: what its reason must name}, checks that must not change.
NUMPY = {
    "same": ("", {}, set(CHECKS)),
    "scaled": (SCALED_NUMPY, {"logits": "logits", "gradients": ""}, {"initialisation", "defaults"}),
    "epsilon": (
        EPSILON_NUMPY,
        {"defaults": "epsilon: 1e-08 -> 1e-06", "native-training": "loss of step"},
        {"initialisation", "logits", "gradients", "training"},
    ),
    "initialiser": (
        INITIALISER_NUMPY,
        {"initialisation": "dense_1/kernel: standard deviation 0.0506 -> 0.0354"},
        set(CHECKS) - {"initialisation"},
    ),
}
TORCH = {
    "leaky": ("torch.nn.functional", LEAKY_TORCH, {"logits": "logits"}, {"initialisation", "defaults"}),
    "epsilon": (
        "torch.optim.adam",
        EPSILON_TORCH,
        {"defaults": "eps: 1e-08 -> 1e-06", "native-training": "loss of step"},
        {"initialisation", "logits", "gradients", "training"},
    ),
    "initialiser": (
        "torch.nn.init",
        INITIALISER_TORCH,
        {"initialisation": "dense_1/kernel: standard deviation"},
        set(CHECKS) - {"initialisation"},
    ),
}


class ShortPair(Pair):
    """Trains for some steps only where an epoch is asked for."""

    def run(self, task, *arguments):
        if task is not trace:
            return super().run(task, *arguments)
        *arguments, steps, kept = arguments
        found = super().run(task, *arguments, min(steps, SOME), [min(steps, SOME)])
        return tuple(each._replace(parameters=dict.fromkeys(kept, *each.parameters.values())) for each in found)


@pytest.fixture
def examine(dataset):
    """What each check finds between NumPy and NumPy in whose module `code` ran."""

    def examine(code):
        pair = ShortPair("numpy", Settings(), dataset, (SpoiledNumpy(), SpoiledNumpy(code)))
        return {name: check(pair) for name, check in CHECKS.items()}

    return examine


@pytest.fixture(scope="module")
def start():
    """Starts a worker on one thread, as two that take turns on all of them are slow; ends all of them at the end."""
    with ExitStack() as stack:

        def start(name, python=sys.executable):
            worker = Worker(WorkerSpec(name, python, threads=1))
            stack.callback(worker.close)
            return worker

        yield start


@pytest.fixture(scope="module")
def as_installed(start):
    return start("baseline")


def hold(found, changed, alike):
    assert {name: found[name].word for name in alike} == dict.fromkeys(alike, "identical")
    for check, reason in changed.items():
        assert found[check].word == "changed"
        assert reason in found[check].reason


@pytest.mark.parametrize(("code", "changed", "alike"), NUMPY.values(), ids=NUMPY)
def test_a_change_is_detected_and_named(examine, code, changed, alike):
    hold(examine(code), changed, alike)


@pytest.mark.parametrize(("module", "code", "changed", "alike"), TORCH.values(), ids=TORCH)
def test_a_change_of_pytorch_is_detected_and_named(
    start, as_installed, tmp_path, dataset, module, code, changed, alike
):
    require("torch", "torchvision")
    candidate = start("candidate", python=environment(tmp_path / "spoiled", {module: code}))
    pair = ShortPair("pytorch", Settings(), dataset, (as_installed, candidate))
    hold({name: check(pair) for name, check in CHECKS.items() if name in {*changed, *alike}}, changed, alike)
    candidate.close()


def test_the_parameters_after_the_last_step_are_kept(dataset):
    asked = []
    worker = SimpleNamespace(run=lambda *question: asked.append(question))
    _train(Pair("numpy", Settings(), dataset, (worker, worker)), {}, 469)
    assert asked == [(trace, *dataset.train, {}, 469, (469,))] * 2


def test_what_changed_in_float32_alone_is_found_too(examine):
    found = examine(ROUGH_NUMPY)
    assert found["training"].word == "changed"
    assert " in float32: " in found["training"].reason


def test_a_candidate_that_fails_where_the_baseline_does_not_has_changed(examine):
    with pytest.raises(CandidateFailed, match=r"the candidate fails .*: RuntimeError: no gradients"):
        examine(FAILING_NUMPY)


def test_a_small_tensor_is_told_by_its_width():
    random = np.random.default_rng(0)
    narrow, wide = random.uniform(-1 / 16, 1 / 16, 10), random.uniform(-1, 1, 10)
    assert _likeness(narrow, random.uniform(-1 / 16, 1 / 16, 10)) > 0.01
    assert _likeness(narrow, wide) < REDRAWN


def test_other_numbers_of_the_same_distribution_are_redrawn_not_changed(examine):
    found = examine(OTHER_NUMBERS_NUMPY)
    assert found["initialisation"].word == "redrawn"
    assert "dense_1/kernel" in found["initialisation"].reason


def test_rounding_is_told_from_change_and_the_first_step_is_named(examine):
    found = examine(OTHER_ORDER_NUMPY)
    assert found["gradients"].word == found["training"].word == "within rounding"
    *said, step = found["training"].reason.split()
    assert " ".join(said) == "float32 differs in bits from step"
    assert 2 <= int(step) <= STEPS_OF_AN_EPOCH  # the first step changes a bias by a bit, a later loss shows it


@pytest.mark.parametrize(
    ("losses", "parameter", "step"),
    [([3.0, 2.0, 1.0], 0.5, None), ([3.0, 2.5, 1.5], 0.5, 2), ([3.0, 2.0, 1.0], 0.6, 4)],
    ids=["none", "a loss", "only the parameters after the last step"],
)
def test_the_first_step_that_differs_is_counted_from_1(losses, parameter, step):
    baseline = Trace([3.0, 2.0, 1.0], {3: {"bias": np.array([0.5])}})
    assert _first_difference(baseline, Trace(losses, {3: {"bias": np.array([parameter])}})) == step
