"""Do two versions of a framework compute the same? From the pixels to an epoch of training, and what they start with.

Everything is compared between the two, bit by bit. Where bits differ, the limits of the ladder (harness/limits.py) say
whether that is rounding: an epoch of training is held to them in float64, as float32 is chaotic. The checks stand in
the order in which one stands on the other, so that the first that changed says where to look.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from harness import equality, limits
from harness.proxy import Worker
from harness.wire import Mnist
from impls.contract import Settings
from impls.numpy import Classifier as Referee

REDRAWN = 1e-6  # probability of a Kolmogorov-Smirnov distance, below which two tensors are not of one distribution
STEPS = limits.STEPS["float64"]  # an epoch


class Finding(NamedTuple):
    """What one check found: "identical", "within rounding", "redrawn" (other numbers of the same distribution), or
    "changed"; "missing" if it could not be made. `reason` says where, or why."""

    word: str
    reason: str = ""

    def __str__(self) -> str:
        return self.word


class Pair:
    """The baseline and the candidate, each in its worker, asked the same."""

    def __init__(self, variant: str, settings: Settings, mnist: Mnist, workers: tuple[Worker, Worker]):
        self.variant = variant
        self.settings = settings
        self.mnist = mnist
        self.workers = workers

    def ask(self, *command: Any) -> list[Any]:
        return [worker.call(*command) for worker in self.workers]

    def build(self, **changes: Any) -> None:
        self.ask("build", self.variant, asdict(replace(self.settings, **changes)))

    def train(self, parameters: dict, start: int = 0, steps: int = STEPS) -> list[tuple[list[float], dict]]:
        return self.ask("trace", self.mnist.train.images, self.mnist.train.labels, parameters, steps)


def network(pair: Pair) -> Finding:
    """The parameters: how many, of which shape and dtype."""
    pair.build()
    counts = pair.ask("parameter_count")
    described = [
        {name: f"{array.dtype}{list(array.shape)}" for name, array in parameters.items()} | {"parameters": f"{count:,}"}
        for parameters, count in zip(pair.ask("get_parameters"), counts, strict=True)
    ]
    return _alike(*described)


def defaults(pair: Pair) -> Finding:
    """The optimizer's hyperparameters, as each version ships them."""
    pair.build()
    return _alike(*pair.ask("hyperparameters"))


def preprocessing(pair: Pair) -> Finding:
    """Every pixel value there is."""
    pair.build()
    images = np.resize(np.arange(256, dtype=np.uint8), (1, 28, 28))
    pixels = [{"pixels": array} for array in pair.ask("preprocess", images)]
    return _within(*pixels, limit=2 * limits.ONE_ROUNDING)


def initialisation(pair: Pair) -> Finding:
    """The parameters that each version starts from, of the same seed."""
    pair.build()
    baseline, candidate = pair.ask("get_parameters")
    redrawn = []
    for name, before in baseline.items():
        after = candidate[name]
        if np.array_equal(before, after):
            continue
        likeness = stats.ks_2samp(before.ravel(), after.ravel(), method="asymp").pvalue
        if before.shape != after.shape or likeness < REDRAWN:
            return Finding("changed", f"{name}: standard deviation {before.std():.4f} -> {after.std():.4f}")
        redrawn.append(name)
    return Finding("redrawn", f"other numbers of the same distribution in {', '.join(redrawn)}") if redrawn else SAME


def logits(pair: Pair) -> Finding:
    """The network's output from equal parameters."""
    parameters = _parameters("float32")
    pair.build()
    pair.ask("set_parameters", parameters)
    outputs = [{"logits": array} for array in pair.ask("logits", pair.mnist.test.images.first(128))]
    return _within(*outputs, limit=2 * limits.PASS["float32"])


def gradients(pair: Pair) -> Finding:
    """Loss and gradients from equal parameters."""
    pair.build()
    pair.ask("set_parameters", _parameters("float32"))
    batch = (pair.mnist.train.images.first(128), pair.mnist.train.labels.first(128))
    results = [{"loss": np.array(loss), **tensors} for loss, tensors in pair.ask("loss_and_gradients", *batch)]
    return _within(*results, limit=2 * limits.PASS["float32"])


def training(pair: Pair) -> Finding:
    """An epoch of the aligned Adam: the algorithm is prescribed, so only the computing can differ."""
    return _trainings(pair, **limits.EXACT_HYPERPARAMETERS)


def native_training(pair: Pair) -> Finding:
    """An epoch with the optimizer as shipped: if this changed and `training` did not, a default of Adam did."""
    return _trainings(pair)


CHECKS: dict[str, Callable[[Pair], Finding]] = {
    "network": network,
    "defaults": defaults,
    "preprocessing": preprocessing,
    "initialisation": initialisation,
    "logits": logits,
    "gradients": gradients,
    "training": training,
    "native-training": native_training,
}
SAME = Finding("identical")


def _parameters(dtype: str, seed: int = 0) -> dict[str, np.ndarray]:
    return Referee(Settings(dtype=dtype, seed=seed)).get_parameters()


def _trainings(pair: Pair, **hyperparameters: float) -> Finding:
    """Identical if float32 is, in every bit. Otherwise float64 tells rounding from change."""
    pair.build(**hyperparameters)
    in_float32 = _first_difference(*pair.train(_parameters("float32")))
    if in_float32 is None:
        return SAME
    dtype = "float32" if any(pair.ask("float64_gap")) else "float64"
    for seed in range(limits.STARTS[dtype]):
        pair.build(**hyperparameters, dtype=dtype)
        steps = limits.STEPS[dtype]
        (before, _), (after, _) = pair.train(_parameters(dtype, seed), steps=steps)
        beyond = _first_beyond(before, after, 2 * limits.STEPS_LOSS[dtype])
        if beyond is None:
            return Finding("within rounding", f"float32 differs in bits from step {in_float32}")
    return Finding("changed", f"loss of step {beyond} in {dtype}: {before[beyond - 1]:.9g} -> {after[beyond - 1]:.9g}")


def _first_difference(baseline: tuple[list[float], dict], candidate: tuple[list[float], dict]) -> int | None:
    """The first step, counted from 1, whose loss differs in any bit; one more than all if only the parameters do."""
    for step, (before, after) in enumerate(zip(baseline[0], candidate[0], strict=True), 1):
        if before != after:
            return step
    alike = all(np.array_equal(array, candidate[1][name]) for name, array in baseline[1].items())
    return None if alike else len(baseline[0]) + 1


def _first_beyond(before: list[float], after: list[float], limit: float) -> int | None:
    """The first step, counted from 1, whose losses are further apart than `limit`, relatively."""
    steps = enumerate(zip(before, after, strict=True), 1)
    return next((step for step, (b, a) in steps if not abs(a - b) <= limit * abs(b)), None)


def _within(baseline: dict[str, np.ndarray], candidate: dict[str, np.ndarray], limit: float) -> Finding:
    if all(np.array_equal(array, candidate[name]) for name, array in baseline.items()):
        return SAME
    worst = equality.largest_distance(candidate, baseline)
    return Finding("within rounding" if worst.error <= limit else "changed", f"{worst} (limit {limit:.0e})")


def _alike(baseline: dict[str, Any], candidate: dict[str, Any]) -> Finding:
    changes = [
        f"{name}: {baseline.get(name, 'absent')} -> {candidate.get(name, 'absent')}"
        for name in {**baseline, **candidate}
        if baseline.get(name, "absent") != candidate.get(name, "absent")
    ]
    return Finding("changed", "; ".join(changes)) if changes else SAME
