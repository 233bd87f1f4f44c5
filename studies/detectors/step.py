"""The function that every detector times: one step of the MLP on real images."""

import os
from collections.abc import Callable
from functools import partial

import impls
from harness.measuring.workload import Operation, Workload
from harness.workers import processors
from impls.contract import Settings
from studies.shared import dataset

WORKLOAD = "DETECTORS_WORKLOAD"  # the variable that names a variant and a method, as "jax predict_step"
BATCH_SIZE = 128


def step() -> Callable[[], None]:
    """Return a function that makes one step on a batch of 128 images, and waits for its result.

    It has been called once: frameworks compile in the first call. This process is bound to one processor.
    """
    processors.bind(1)
    variant, method = os.environ[WORKLOAD].split()
    images, labels = (each.array() for each in dataset().train)
    implementation = impls.load(variant, Settings(threads=1))
    work = Workload(implementation, Operation(method, BATCH_SIZE, rounds=1), images, labels)
    work.repeat(1)
    return partial(work.repeat, 1)
