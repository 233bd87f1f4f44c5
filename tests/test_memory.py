"""Memory does not grow with the number of training steps: a step keeps far less than its gradients take."""

import pytest

from harness.equality.limits import KEPT_MEMORY
from harness.equality.training import follow
from impls.contract import PARAMETER_COUNT

STEPS = 200
GRADIENTS = 4 * PARAMETER_COUNT  # bytes, of one step


@pytest.mark.memory
def test_training_steps_keep_nothing(framework, mnist, record_property):
    framework = framework.with_settings(batch_size=128)
    images, labels = mnist.train.images.first(STEPS * 128), mnist.train.labels.first(STEPS * 128)
    framework.run(follow, images, labels, 1, 0, False, False)  # until compilers, caches and pools have what they need
    before = framework.memory()
    framework.run(follow, images, labels, 1, 0, False, False)
    kept = (framework.memory() - before) / STEPS
    record_property("bytes_kept_by_a_step", kept)
    print(f"a step keeps {kept:,.0f} bytes, its gradients take {GRADIENTS:,}")
    assert kept < KEPT_MEMORY * GRADIENTS
