"""Defaults and behaviour of the frameworks, as docs/explanation/lessons.md states them; -rP prints the numbers."""

from functools import cache

import numpy as np
import pytest

from tests.processes import measured

pytestmark = pytest.mark.lessons


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


@cache
def of_jax() -> dict:
    """What JAX does, found out in one process."""
    return measured(JAX, "jax")


def test_jax_divides_by_multiplying():
    """x / 255 under XLA is x * (1 / 255), rounded twice; in units of the error that one rounding may make."""
    assert of_jax()["scalar"] > 2
    assert of_jax()["array"] <= 1


def test_jax_returns_before_it_is_done():
    """The prediction of 10,000 images is handed back while it is still being computed."""
    assert of_jax()["unready"] > 0


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
def of_keras(backend: str) -> dict:
    """What Keras does on this backend, found out in one process."""
    return measured(DISTILLATION + KERAS, backend, KERAS_BACKEND=backend)


@pytest.mark.parametrize(("backend", "loss"), [("tensorflow", 40.0), ("torch", 16.118), ("jax", 16.118)])
def test_a_loss_on_probabilities_depends_on_the_backend(backend, loss):
    """An answer that is 40 nats off: Keras clips probabilities at 1e-7, but on TensorFlow looks up their logits."""
    assert of_keras(backend)["logits"] == pytest.approx(40)
    assert of_keras(backend)["probabilities"] == pytest.approx(loss, abs=0.001)


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_jit_compile_auto_means_something_else_on_each_backend(backend):
    """On JAX yes, on PyTorch no, on TensorFlow only where there is more than a CPU."""
    found = of_keras(backend)
    expected = {"tensorflow": found["sees_more_than_a_cpu"], "torch": False, "jax": True}
    assert found["compiled"] == expected[backend]


@pytest.mark.parametrize(("backend", "orders"), [("tensorflow", 1), ("torch", 4), ("jax", 4)])
def test_keras_on_tensorflow_shuffles_alike_in_each_epoch_once_it_is_seeded(backend, orders):
    """In how many different orders four epochs of one `fit` see eight images."""
    assert of_keras(backend)["steps"] == 32
    assert of_keras(backend)["orders"] == orders


def test_pytorch_keeps_its_kernels_transposed():
    code = "import json, torch; print(json.dumps({'shape': list(torch.nn.Linear(784, 512).weight.shape)}))"
    assert measured(code, "torch") == {"shape": [512, 784]}
