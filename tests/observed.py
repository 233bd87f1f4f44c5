"""Functions that a worker runs for a test; each imports its framework when it is called."""

import os
import statistics
import time

import numpy as np

from harness.equality.trace import Trace, trace
from impls.contract import changes_state


@changes_state
def trace_and_signal(implementation, images, labels, parameters, steps: int, number: int) -> Trace:
    """Return the `trace` of `steps` steps after sending the signal `number` to this process."""
    found = trace(implementation, images, labels, parameters, steps)
    os.kill(os.getpid(), number)
    return found


@changes_state
def fit_by_keras(implementation, images, labels) -> None:
    """Call `model.fit` of Keras with arrays that the strategy of TensorFlow divides."""
    x, y = map(implementation.array, implementation.prepare_batch(images, labels))
    implementation.model.fit(x, y, batch_size=32, verbose=0)


def errors_of_jax_division() -> dict[str, float]:
    """Return the largest errors of x / 255 for x in 0..255, by a scalar and an array, in units of one rounding."""
    import jax.numpy as jnp

    x, right = jnp.arange(256, dtype="float32"), np.arange(256) / 255
    quotients = {"scalar": x / 255, "array": x / jnp.full_like(x, 255)}
    return {name: float(abs(np.asarray(y, "float64") - right).max() * 2**25) for name, y in quotients.items()}


def returns_of_jax(implementation) -> dict[str, float]:
    """Return how many of 20 predictions were not ready when the call returned, and median times in milliseconds."""
    batch = implementation.prepare_batch(np.zeros((10_000, 28, 28), "uint8"), np.zeros(10_000, int))
    implementation.predict_step(batch).block_until_ready()
    returned, done, unready = [], [], 0
    for _ in range(20):
        start = time.perf_counter()
        prediction = implementation.predict_step(batch)
        returned.append(time.perf_counter() - start)
        unready += not prediction.is_ready()
        implementation.synchronize(prediction)
        done.append(time.perf_counter() - start)
    return {
        "unready": unready,
        "returned": 1e3 * statistics.median(returned),
        "done": 1e3 * statistics.median(done),
    }


def losses_of_keras() -> dict[str, float]:
    """Return the loss of an answer that is wrong by 40 nats, from logits and from probabilities."""
    import keras

    logits = keras.ops.convert_to_tensor(np.array([[0.0, 40.0]], "float32"))
    inputs = {"logits": logits, "probabilities": keras.ops.softmax(logits)}
    losses = {
        name: keras.losses.SparseCategoricalCrossentropy(from_logits=name == "logits")(np.array([0]), output)
        for name, output in inputs.items()
    }
    return {name: float(loss) for name, loss in losses.items()}


def distillation_losses_of_keras(teacher: np.ndarray, student: np.ndarray, temperature: float) -> dict[str, float]:
    """Return the distillation losses of float32 logits (n, classes), by default and with a `KLDivergence` object."""
    import keras
    from keras.distillation import LogitsDistillation

    ways = {
        "default": LogitsDistillation(temperature),
        "an object": LogitsDistillation(temperature, keras.losses.KLDivergence()),
    }
    return {name: float(way.compute_loss(teacher, student)) for name, way in ways.items()}
