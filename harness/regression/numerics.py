"""Numerical equality of two versions of a framework, from the pixels to an epoch of training.

All results are compared bit by bit. Where bits differ, the tolerances of the equivalence tests decide whether that is
rounding. An epoch of training is held to them in float64, as float32 is chaotic. Each check builds on those before it,
so the first change shows where to look.

A new check is one function with the decorator `check`: of a pair of workers, whose results it compares.
"""

import math
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np
import scipy  # which loads scipy.stats at its first use: that takes a second

from harness.equality import limits
from harness.equality.distance import largest_distance
from harness.equality.trace import Trace, trace
from harness.regression.pair import Pair
from impls.contract import DATASET

NUMERICAL: dict[str, Callable[[Pair], "Finding"]] = {}  # by name, in order
REDRAWN = 1e-4  # likeness below which two tensors are not of one distribution; some ten are compared


class Finding(NamedTuple):
    """The result of a check.

    - `word`: "identical", "within rounding", "redrawn" (other numbers of the same distribution), "changed", or
      "missing" if the check could not be made.
    - `reason`: where the results differ, or why the check is missing.
    """

    word: str
    reason: str = ""

    def __str__(self) -> str:
        return self.word


SAME = Finding("identical")


def check(function: Callable[[Pair], Finding]) -> Callable[[Pair], Finding]:
    """Add the function to `NUMERICAL`, under its name."""
    NUMERICAL[function.__name__.replace("_", "-")] = function
    return function


@check
def network(pair: Pair) -> Finding:
    """Compare the number, the shapes and the dtypes of the parameters."""
    pair.build()
    counts = pair.run("parameter_count")
    described = [
        {name: f"{array.dtype}{list(array.shape)}" for name, array in parameters.items()} | {"parameters": f"{count:,}"}
        for parameters, count in zip(pair.run("get_parameters"), counts, strict=True)
    ]
    return _alike(*described)


@check
def defaults(pair: Pair) -> Finding:
    """Compare the optimizer's default hyperparameters."""
    pair.build()
    return _alike(*pair.run("hyperparameters"))


@check
def preprocessing(pair: Pair) -> Finding:
    """Compare the preprocessing of all 256 pixel values."""
    pair.build()
    images = np.resize(np.arange(256, dtype=np.uint8), (math.ceil(256 / DATASET.pixels), *DATASET.image_shape))
    pixels = [{"pixels": array} for array in pair.run("preprocess", images)]
    return _within(*pixels, limit=2 * limits.ONE_ROUNDING)


@check
def initialisation(pair: Pair) -> Finding:
    """Compare the initial parameters of the same seed."""
    pair.build()
    baseline, candidate = pair.run("get_parameters")
    redrawn = []
    for name, before in baseline.items():
        after = candidate[name]
        if _bits(before) == _bits(after):
            continue
        if before.shape != after.shape or _likeness(before.ravel(), after.ravel()) < REDRAWN:
            return Finding("changed", f"{name}: standard deviation {before.std():.4f} -> {after.std():.4f}")
        redrawn.append(name)
    return Finding("redrawn", f"other numbers of the same distribution in {', '.join(redrawn)}") if redrawn else SAME


@check
def logits(pair: Pair) -> Finding:
    """Compare the logits of equal parameters; what is built in place of a variant has its own."""
    pair.build()
    images = pair.dataset.test.images
    if not pair.built:
        pair.run("set_parameters", pair.initial_parameters())
        images = images.first(128)
    outputs = [{"logits": array} for array in pair.run("logits", images)]
    return _within(*outputs, limit=2 * limits.FORWARD_BACKWARD["float32"])


@check
def gradients(pair: Pair) -> Finding:
    """Compare loss and gradients of equal parameters."""
    pair.build()
    pair.run("set_parameters", pair.initial_parameters())
    computed = pair.run("loss_and_gradients", *pair.dataset.train.first(128))
    results = [{"loss": np.array(loss), **tensors} for loss, tensors in computed]
    return _within(*results, limit=2 * limits.gradient_tolerance(pair.network)["float32"], noise=pair.network.noise)


@check
def training(pair: Pair) -> Finding:
    """Compare an epoch of the aligned Adam: its algorithm is prescribed, so only the computing can differ."""
    return _trainings(pair, **limits.EXACT_HYPERPARAMETERS)


@check
def native_training(pair: Pair) -> Finding:
    """Compare an epoch with the default optimizer: if this changed and `training` did not, a default of Adam did."""
    return _trainings(pair)


def _likeness(before: np.ndarray, after: np.ndarray) -> float:
    """Return the chance of the difference if both, (n,), have one distribution.

    The tests are those of Kolmogorov and Smirnov for the shape, and of Levene for the width.
    """
    shape = scipy.stats.ks_2samp(before, after, method="asymp").pvalue
    return min(shape, scipy.stats.levene(before, after).pvalue if before.std() + after.std() else 1.0)


def _trainings(pair: Pair, **hyperparameters: float) -> Finding:
    """Return "identical" if every bit is equal in float32. Otherwise hold each dtype to its tolerance."""
    hyperparameters["batch_size"] = 128  # of which an epoch has 469
    pair.build(**hyperparameters)
    step = _first_difference(*_train(pair, pair.initial_parameters(), limits.STEPS_OF_AN_EPOCH))
    if step is None:
        return SAME
    for dtype in ("float32",) if any(pair.run("known_deviation")) else ("float32", "float64"):
        starts = (_beyond_rounding(pair, dtype, seed, hyperparameters) for seed in range(limits.SEEDS[dtype]))
        beyond = next(starts)
        if beyond and all(starts):
            return Finding("changed", beyond)
    return Finding("within rounding", f"float32 differs in bits from step {step}")


def _beyond_rounding(pair: Pair, dtype: str, seed: int, hyperparameters: dict[str, float]) -> str:
    """Return the first step whose losses differ by more than rounding explains; "" if there is none."""
    pair.build(**hyperparameters, dtype=dtype)
    steps = limits.followed_steps(pair.network, dtype, limits.STEPS_OF_AN_EPOCH)
    baseline, candidate = _train(pair, pair.initial_parameters(seed), steps)
    for step, (before, after) in enumerate(zip(baseline.losses, candidate.losses, strict=True), 1):
        is_rounding = abs(after - before) <= 2 * limits.STEPS_LOSS[dtype] * abs(before)
        if not is_rounding and _bits(before) != _bits(after):
            both = candidate.parameters[steps], baseline.parameters[steps]
            apart = largest_distance(*both, noise=pair.network.noise)
            change = f"loss of step {step} in {dtype}: {before:.7g} -> {after:.7g}"
            return f"{change}; parameters after {steps} steps: {apart} apart"
    return ""


def _train(pair: Pair, parameters: dict, steps: int) -> tuple[Trace, Trace]:
    return pair.run(trace, *pair.dataset.train, parameters, steps, (steps,))


def _first_difference(baseline: Trace, candidate: Trace) -> int | None:
    """Return the first step, counted from 1, whose loss differs in any bit; None if all bits are equal.

    If only the parameters differ, it is the number of steps + 1.
    """
    for step, (before, after) in enumerate(zip(baseline.losses, candidate.losses, strict=True), 1):
        if _bits(before) != _bits(after):
            return step
    [before], [after] = baseline.parameters.values(), candidate.parameters.values()
    return None if _equal(before, after) else len(baseline.losses) + 1


def _equal(baseline: dict[str, np.ndarray], candidate: dict[str, np.ndarray]) -> bool:
    return all(_bits(array) == _bits(candidate[name]) for name, array in baseline.items())


def _bits(values: np.ndarray | float) -> tuple[str, tuple[int, ...], bytes]:
    """Return what equal values of equal dtypes have in common, NaN among them; 0.0 and -0.0 differ."""
    array = np.asarray(values)
    return array.dtype.str, array.shape, array.tobytes()


def _within(
    baseline: dict[str, np.ndarray], candidate: dict[str, np.ndarray], limit: float, noise: Collection[str] = ()
) -> Finding:
    if _equal(baseline, candidate):
        return SAME
    worst = largest_distance(candidate, baseline, noise=noise)
    return Finding("within rounding" if worst.error <= limit else "changed", f"{worst} (limit {limit:.0e})")


def _alike(baseline: dict[str, Any], candidate: dict[str, Any]) -> Finding:
    """Compare the entries of both, and name those of one alone."""
    both = [name for name in baseline if name in candidate]
    changes = [f"{name}: {baseline[name]} -> {candidate[name]}" for name in both if baseline[name] != candidate[name]]
    alone = [f"{name}: only in the baseline" for name in baseline if name not in candidate]
    alone += [f"{name}: {candidate[name]}, only in the candidate" for name in candidate if name not in baseline]
    return Finding("changed", "; ".join(changes)) if changes else Finding("identical", "; ".join(alone))
