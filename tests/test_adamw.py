"""AdamW and a schedule of the learning rate: every variant trains as the reference does.

The reference is impls/numpy/adamw.py in float64. Its algorithm and its schedule are computed here in another way.
"""

import math
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
from impls.contract import DATASET, NETWORKS, Cosine, Settings
from tests.equivalence import checker

pytestmark = pytest.mark.equivalence

RATE = EXACT_HYPERPARAMETERS["learning_rate"]
DECAY = {"optimizer": "adamw", "weight_decay": 2.0**-6}  # float32 holds it exactly, to which Keras rounds it
SCHEDULE = {"schedule": Cosine(warmup=16, steps=100, first=1 / 16, last=1 / 64)}
TRAININGS = {"both": DECAY | SCHEDULE, "decay": DECAY, "schedule": SCHEDULE}
STEPS_OF = {"both": STEPS, "decay": 20, "schedule": 20}


def expected_rate(schedule, step):
    """Return the rate of a step, counted from 0: a line up to `RATE`, half a cosine down, and a constant."""
    first, last, after = schedule.first * RATE, schedule.last * RATE, step - schedule.warmup
    if after < 0:
        return first + (RATE - first) * step / schedule.warmup
    angle = math.pi * min(after / (schedule.steps - schedule.warmup), 1)
    return last + (RATE - last) * math.cos(angle / 2) ** 2


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


@pytest.mark.parametrize("training", TRAININGS)
def test_many_steps(build, build_reference, once, dataset, batch_size, record, training):
    candidate, steps = build(batch_size=batch_size, **TRAININGS[training]), STEPS_OF[training]
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


@pytest.mark.parametrize("network", impls.variants()["numpy"].networks)
def test_reference_against_the_algorithm_of_the_paper(dataset, network):
    """Algorithm 2 of arXiv:1711.05101, one scalar at a time; the frameworks' decay is its own times the rate."""
    schedule, decay = Cosine(warmup=2, steps=6, first=1 / 4, last=1 / 16), 16.0
    settings = {"optimizer": "adamw", "weight_decay": decay, "schedule": schedule, **EXACT_HYPERPARAMETERS}
    reference = impls.load("numpy", Settings(network=network, dtype="float64", **settings))
    images, labels = (part.array() for part in dataset.train.first(8))
    s, first = reference.settings, reference.loss_and_gradients(images, labels)[1]
    for name in NETWORKS[network].decayed[-1], next(name for name in first if name not in NETWORKS[network].decayed):
        reference = impls.load("numpy", reference.settings)
        index = np.unravel_index(np.abs(first[name]).argmax(), first[name].shape)
        value, m, v = reference.get_parameters()[name][index], 0.0, 0.0
        for t in range(1, 9):
            g, rate = reference.loss_and_gradients(images, labels)[1][name][index], expected_rate(schedule, t - 1)
            m = s.beta_1 * m + (1 - s.beta_1) * g
            v = s.beta_2 * v + (1 - s.beta_2) * g**2
            m_hat, v_hat = m / (1 - s.beta_1**t), v / (1 - s.beta_2**t)
            update = m_hat / (math.sqrt(v_hat) + s.epsilon / math.sqrt(1 - s.beta_2**t))
            value -= rate * (update + (decay * value if name in NETWORKS[network].decayed else 0))
            reference.train_step(reference.prepare_batch(images, labels))
            assert reference.get_parameters()[name][index] == pytest.approx(value, rel=1e-13)
