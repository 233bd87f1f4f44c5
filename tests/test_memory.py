"""Memory does not grow with the number of training steps: a step keeps far less than its gradients take."""

import pytest

from harness.equality.limits import KEPT_MEMORY
from harness.equality.training import follow

STEPS = 200


@pytest.mark.memory
def test_training_steps_keep_nothing(framework, dataset, record):
    framework = framework.with_settings(batch_size=128)
    images, labels = dataset.train.first(STEPS * 128)
    framework.run(follow, images, labels, 1, 0, False, False)  # until compilers, caches and pools have what they need
    before = framework.memory()
    framework.run(follow, images, labels, 1, 0, False, False)
    kept = (framework.memory() - before) / STEPS
    record("memory of a step", kept_bytes=kept)
    gradients = 4 * framework.network.parameter_count  # bytes, of one step
    print(f"a step keeps {kept:,.0f} bytes, its gradients take {gradients:,}")
    assert kept < KEPT_MEMORY * gradients
