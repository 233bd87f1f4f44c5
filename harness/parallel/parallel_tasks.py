"""Tasks of the processes of a team. Each runs them with its own share of the same implementation."""

import os
import time
from signal import Signals

from harness.equality.trace import Trace, trace
from impls.adapter import Adapter
from impls.contract import changes_state

STEPS = 10  # of a block


@changes_state
def milliseconds(implementation: Adapter, images, labels) -> float:
    """Return milliseconds of a training step on this batch, the mean of `STEPS`."""
    batch = implementation.prepare_batch(images, labels)
    implementation.get_parameters()  # waits for the steps before, in every framework
    started = time.perf_counter()
    for _ in range(STEPS):
        implementation.train_step(batch)
    implementation.get_parameters()
    return 1000 * (time.perf_counter() - started) / STEPS


@changes_state
def trace_and_signal(implementation: Adapter, images, labels, parameters, steps: int, number: int) -> Trace:
    """Return the `trace` of `steps` steps after sending the signal `number` to this process."""
    found = trace(implementation, images, labels, parameters, steps)
    os.kill(os.getpid(), Signals(number))
    return found


@changes_state
def fit_by_keras(implementation: Adapter, images, labels) -> None:
    """Call `model.fit` of Keras with arrays that the strategy of TensorFlow divides."""
    x, y = map(implementation.array, implementation.prepare_batch(images, labels))
    implementation.model.fit(x, y, batch_size=32, verbose=0)
