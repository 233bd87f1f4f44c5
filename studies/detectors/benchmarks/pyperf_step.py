"""The benchmark of pyperf."""

import pyperf

from studies.detectors.step import step

if __name__ == "__main__":
    pyperf.Runner().bench_func("step", step())
