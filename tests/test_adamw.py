"""AdamW and a schedule of the learning rate: every variant trains as the reference does.

The reference is impls/numpy/adamw.py in float64. Its schedule is computed here in another way.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import impls
from harness.equality.distance import largest_distance
from harness.equality.limits import (
    EXACT_HYPERPARAMETERS,
    PARAMETERS_AFTER,
    STEP,
    STEPS,
    STEPS_LOSS,
    STEPS_PARAMETERS,
)
from harness.equality.parameters import random_parameters
from harness.equality.trace import losses_apart, parameters_apart, trace
from harness.equality.training import train_on
from impls.contract import DATASET, Cosine
from tests.equivalence import checker, expected_rate

pytestmark = pytest.mark.equivalence

RATE = EXACT_HYPERPARAMETERS["learning_rate"]
DECAY = {"optimizer": "adamw", "weight_decay": 2.0**-6}  # float32 holds it exactly, to which Keras rounds it
SCHEDULE = {"schedule": Cosine(warmup=16, steps=100, first=1 / 16, last=1 / 64)}
TRAININGS = {"both": (DECAY | SCHEDULE, STEPS), "schedule": (SCHEDULE, 20)}


@pytest.fixture
def build(framework, initial):
    """Return a function that builds the variant in float64, aligned, with equal parameters and these settings."""
    if not impls.has_file(framework.name, "adamw"):
        pytest.skip(f"{framework.name} has no adamw.py")

    def build(**settings):
        candidate = framework.with_settings(dtype="float64", **EXACT_HYPERPARAMETERS, **settings)
        candidate.set_parameters(initial)
        return candidate

    return build


@pytest.mark.parametrize("training", ["both", pytest.param("schedule", marks=pytest.mark.long)])
def test_many_steps(build, build_reference, once, dataset, batch_size, record, training):
    how, steps = TRAININGS[training]
    candidate = build(batch_size=batch_size, **how)
    settings = replace(candidate.settings, device="cpu")
    call = (trace, *dataset.train, random_parameters(candidate.network.shapes, seed=1), steps, PARAMETERS_AFTER)
    expected = once(lambda: build_reference(settings).run(*call), settings)
    actual = candidate.run(*call)
    deviation = candidate.known_deviation()
    if deviation:  # float32, which may part from the reference as soon as a ReLU flips
        steps = STEPS // 10
    errors = losses_apart(actual, expected)[:steps]
    assert_within = checker(record, deviation, chapter=f"AdamW, {training}")
    assert_within(f"{steps} steps, loss", max(errors), STEPS_LOSS, errors)
    if not deviation:
        apart = max(parameters_apart(actual, expected, candidate.network.noise))
        assert_within(f"{steps} steps, parameters", apart, STEPS_PARAMETERS)
    assert actual.losses[-1] < 0.9 * actual.losses[0], "equal, but not learning"


def test_rate_of_each_step(build):
    """On black images the first kernel has no gradient: a step multiplies it by 1 - rate * decay."""
    schedule, decay = Cosine(warmup=3, steps=9, first=1 / 4, last=1 / 16), 512.0
    candidate = build(optimizer="adamw", weight_decay=decay, schedule=schedule)
    black, labels = np.zeros((2, *DATASET.image_shape), np.uint8), np.array([0, 1], np.uint8)
    sizes, kernel = [], candidate.network.decayed[0]
    for step in range(schedule.steps + 3):
        if step:
            candidate.run(train_on, black, labels)
        sizes.append(np.abs(candidate.get_parameters()[kernel]).max())
    rates = [(1 - after / before) / decay for before, after in pairwise(sizes)]
    assert rates == pytest.approx([expected_rate(schedule, step) for step in range(len(rates))], rel=1e-13)


def test_kernels_alone_decay(build, initial, dataset):
    """A step with decay ends where one without does, less rate * decay of the old kernels."""
    decay, ends = 512.0, []
    for weight_decay in (0.0, decay):
        candidate = build(optimizer="adamw", weight_decay=weight_decay)
        candidate.run(train_on, *dataset.train.first(32))
        ends.append(candidate.get_parameters())
    without, actual = ends
    decayed = {name: RATE * decay * initial[name] for name in candidate.network.decayed}
    expected = {name: array - decayed.get(name, 0) for name, array in without.items()}
    assert largest_distance(actual, expected, RATE).error <= STEP["float64"]
