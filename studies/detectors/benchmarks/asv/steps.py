"""The benchmark of asv. A `setup` would run before each sample."""

from studies.detectors.step import step

made = step()


def time_step():
    made()
