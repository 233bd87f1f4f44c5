"""Memory does not grow with the number of training steps: a step keeps far less than its gradients take."""

import math

import pytest

from harness.equality.limits import KEPT_BY_STEP, KEPT_MEMORY
from harness.equality.training import follow
from impls.contract import DATASET

BATCH_SIZE, STEPS = 128, 100


@pytest.mark.memory
def test_training_steps_keep_nothing(framework, dataset, record):
    framework = framework.with_settings(batch_size=BATCH_SIZE)
    count = min(STEPS * BATCH_SIZE, DATASET.train)
    epochs = math.ceil(STEPS * BATCH_SIZE / count)
    training = (follow, *dataset.train.first(count), epochs, 0, False, False)
    framework.run(*training)  # until compilers, caches and pools have what they need
    before = framework.memory()
    framework.run(*training)
    kept = (framework.memory() - before) / (epochs * math.ceil(count / BATCH_SIZE))
    record("memory of a step", kept_bytes=kept)
    gradients = 4 * framework.network.parameter_count  # bytes, of one step
    print(f"a step keeps {kept:,.0f} bytes, its gradients take {gradients:,}")
    assert kept < max(KEPT_MEMORY * gradients, KEPT_BY_STEP)
