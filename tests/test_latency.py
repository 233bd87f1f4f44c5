"""How long a training step and a prediction step take, in each variant. Measured in the worker, replayed here."""

import statistics

import pytest

from harness.clock import CLOCK, replay

OPERATIONS = [("train_step", 128), ("predict_step", 1), ("predict_step", 128)]
ROUNDS = 200  # enough that the median of steps within one launch moves by less than two launches differ
WARMUP = 20  # the first compiles, the next few find cold caches and growing thread pools


@pytest.mark.latency
@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize(("operation", "batch_size"), OPERATIONS, ids=lambda value: str(value))
def test_latency(framework, mnist, benchmark, record_property, operation, batch_size):
    images, labels = mnist.train.images.first(batch_size), mnist.train.labels.first(batch_size)
    samples = framework.measure(operation, images, labels, ROUNDS, WARMUP)
    benchmark.group = f"{operation}, batch {batch_size}"
    benchmark.extra_info.update(
        framework.versions(), threads=framework.settings.threads or "all", batch_size=batch_size
    )
    replay(benchmark, samples)
    record_property(f"{operation}_{batch_size}", statistics.median(samples))
