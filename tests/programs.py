"""Programs that observe the defaults of JAX and Keras, one process a backend; each runs once for all tests."""

from functools import cache

import numpy as np

from tests.processes import measured

JAX = """
import json, statistics, sys, time
sys.path.insert(0, ".")
import jax.numpy as jnp, numpy, impls
x = jnp.arange(256, dtype="float32"); right = numpy.arange(256) / 255
error = lambda y: float(abs(numpy.asarray(y, "float64") - right).max() * 2**25)
errors = {"scalar": error(x / 255), "array": error(x / jnp.full_like(x, 255))}

jax = impls.load("jax")
batch = jax.prepare_batch(numpy.zeros((10_000, 28, 28), "uint8"), numpy.zeros(10_000, int))
jax.predict_step(batch).block_until_ready()
returned, done, unready = [], [], 0
for _ in range(20):
    start = time.perf_counter()
    prediction = jax.predict_step(batch)
    returned.append(time.perf_counter() - start)
    unready += not prediction.is_ready()
    jax.synchronize(prediction)
    done.append(time.perf_counter() - start)
milliseconds = {"returned": 1e3 * statistics.median(returned), "done": 1e3 * statistics.median(done)}
print(json.dumps({**errors, "unready": unready, "milliseconds": milliseconds}))
"""

TEMPERATURE = 4.0
LOGITS = np.random.default_rng(0).normal(0, 8, (2, 4, 10))  # of a teacher and a student
DISTILLATION = f"""
import json, keras, numpy
from keras.distillation import LogitsDistillation
teacher, student = numpy.array({LOGITS.tolist()}, "float32")
ways = {{"default": LogitsDistillation({TEMPERATURE})}}
ways["an object"] = LogitsDistillation({TEMPERATURE}, keras.losses.KLDivergence())
distillation = {{name: float(way.compute_loss(teacher, student)) for name, way in ways.items()}}
"""
KERAS = """
logits, label = keras.ops.convert_to_tensor(numpy.array([[0.0, 40.0]], "float32")), numpy.array([0])
loss = lambda output, **how: float(keras.losses.SparseCategoricalCrossentropy(**how)(label, output))
losses = {"logits": loss(logits, from_logits=True), "probabilities": loss(keras.ops.softmax(logits))}

model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
model.compile("adam", "mse")
compiled = bool(model.jit_compile)
sees_more_than_a_cpu = False
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    sees_more_than_a_cpu = any(device.device_type != "CPU" for device in tf.config.list_physical_devices())

keras.utils.set_random_seed(0)
seen = []
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
model.compile(keras.optimizers.SGD(0.0), "mse")
record = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
numbers = numpy.arange(1.0, 9.0)[:, None]
model.fit(numbers, 0 * numbers, batch_size=1, epochs=4, verbose=0, callbacks=[record])
epochs = [tuple(round(float(loss), 3) for loss in seen[first : first + 8]) for first in range(0, 32, 8)]
shuffled = {"orders": len(set(epochs)), "steps": len(seen)}
seen = {"compiled": compiled, "sees_more_than_a_cpu": sees_more_than_a_cpu}
print(json.dumps({**losses, **seen, **shuffled, "distillation": distillation}))
"""


@cache
def of_jax() -> dict:
    """Return the errors of two divisions in units of one rounding, and whether a call returns before it is done."""
    return measured(JAX, "jax")


@cache
def of_keras(backend: str) -> dict:
    """Return the losses, orders of images, and compilation of Keras on this backend."""
    return measured(DISTILLATION + KERAS, f"keras {backend}", KERAS_BACKEND=backend)
