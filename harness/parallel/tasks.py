"""What the processes of a team are asked to do, each with its own part of the same implementation."""

import os
import time
from signal import Signals

from harness.equality.trace import Trace, trace
from impls.adapter import Adapter
from impls.contract import changes_state

STEPS = 10  # of a turn


@changes_state
def milliseconds(implementation: Adapter, images, labels) -> float:
    """Of a step, the mean of `STEPS` on this batch."""
    batch = implementation.prepare_batch(images, labels)
    implementation.get_parameters()  # waits for what is under way; `synchronize` of TensorFlow knows one process only
    started = time.perf_counter()
    for _ in range(STEPS):
        implementation.train_step(batch)
    implementation.get_parameters()
    return 1000 * (time.perf_counter() - started) / STEPS


@changes_state
def stricken(implementation: Adapter, images, labels, parameters, steps: int, number: int) -> Trace:
    """`trace`, and then the signal of this number: at a step, and not after a time."""
    found = trace(implementation, images, labels, parameters, steps)
    os.kill(os.getpid(), Signals(number))
    return found


@changes_state
def fit_by_keras(implementation: Adapter, images, labels) -> None:
    """`model.fit` of Keras on TensorFlow, on a data set that the strategy divides."""
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices(implementation.prepare_batch(images, labels)).batch(32)
    implementation.model.fit(batches, verbose=0)
