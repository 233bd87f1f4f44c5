"""The benchmark of pytest-benchmark, whose values Otava reads, too."""

from studies.detectors.step import step


def test_step(benchmark):
    benchmark(step())
