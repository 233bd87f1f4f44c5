"""The reference of AdamW is right: its steps agree with the algorithm of the paper, one scalar at a time."""

import math

import numpy as np
import pytest

import impls
from harness.equality.limits import EXACT_HYPERPARAMETERS
from impls.contract import NETWORKS, Cosine, Settings
from tests.equivalence import expected_rate


@pytest.mark.parametrize("network", impls.variants()["numpy"].networks)
def test_reference_against_the_algorithm_of_the_paper(dataset, network):
    """Algorithm 2 of arXiv:1711.05101; the frameworks' decay is its own times the rate."""
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
