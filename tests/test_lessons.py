"""The differences that docs/lessons.md tells of are there, as large as it says; -rP prints the numbers."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import impls
from harness.equality.distance import largest_distance
from harness.equality.limits import EXACT_HYPERPARAMETERS, STEPS, STEPS_OF_AN_EPOCH
from harness.equality.start import start
from harness.equality.trace import losses_apart, trace
from impls import Entrant
from impls.contract import NETWORKS, Settings
from impls.numpy import mnist
from impls.numpy.mnist import max_pool_gradient as first
from tests.equivalence import short

pytestmark = pytest.mark.lessons


@pytest.fixture
def variant(fleet, name):
    """The variant `name`, built with these settings; a skip if its package is missing.

    A parameter holds the name, as pytest-xdist runs the tests of one variant in one process.
    """

    def build(**settings):
        try:
            return fleet.framework(name, Settings(**settings))
        except impls.PackageNotInstalled as error:
            pytest.skip(str(error))

    return build


def measured(code: str, package: str, **environment: str) -> dict:
    """What `code` prints as JSON, run by a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if f"No module named '{package}'" in done.stderr:
        pytest.skip(f"{package} is not installed")
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout.splitlines()[-1])
    print(numbers)
    return numbers


@pytest.fixture
def loss_errors(referee, dataset, pytestconfig, record):
    """Relative error of the loss beside the referee's at each of a hundred steps, with --long of an epoch.

    From equal parameters and of equal settings. With a name it is recorded, as a lesson.
    """
    steps = STEPS_OF_AN_EPOCH if pytestconfig.option.long else STEPS

    def measure(framework, lesson=""):
        sides = framework, referee(replace(framework.settings, dtype="float64"))
        question = (trace, *dataset.train, start(framework.network.shapes, seed=1), steps)
        apart = losses_apart(*(side.run(*question) for side in sides))
        errors = [error for error, _ in apart]
        print(
            f"{framework.name}: step 2 {errors[1]:.1e}, step 10 {errors[9]:.1e}, largest of {steps} {max(errors):.1e}"
        )
        if lesson:
            record("lesson", Entrant(framework.name, framework.settings.network), name=lesson, errors=short(apart))
        return errors

    return measure


@pytest.mark.parametrize("name", ["pytorch"])
@pytest.mark.growth
def test_epsilon_has_two_places(variant, loss_errors):
    """PyTorch's own epsilon of 1e-8 and the aligned one of the same size part the losses; aligned, they do not."""
    exact = EXACT_HYPERPARAMETERS | {"epsilon": None}
    native = loss_errors(variant(dtype="float64", **exact), "PyTorch's own epsilon")
    aligned = loss_errors(variant(dtype="float64", **exact | {"epsilon": 1e-8}))
    assert max(native) > 1e-4
    assert max(aligned) < 1e-12


@pytest.mark.parametrize("name", ["keras-tensorflow"])
@pytest.mark.growth
def test_float32_rounds_beta_2_inside_keras_adam(variant, loss_errors):
    """With beta_2 = 0.999 Keras departs from the referee in float64 too; with 1 - 2**-10 it does not."""
    usual = variant(dtype="float64", epsilon=1e-7)
    assert max(loss_errors(usual, "Keras' rounded beta_2")) > 1e-3
    exact = variant(dtype="float64", **EXACT_HYPERPARAMETERS)
    assert max(loss_errors(exact)) < 1e-12


@pytest.mark.parametrize("name", ["pytorch"])
def test_pytorch_computes_the_correction_in_double(variant, loss_errors):
    assert max(loss_errors(variant(dtype="float64", epsilon=1e-7))) < 1e-12


@pytest.mark.parametrize("name", ["numpy"])
def test_adam_fills_its_moments_with_denormal_numbers(variant, dataset):
    """A weight whose pixel is dark for 800 steps has m = 0.9**800 of what it was, below the least normal float32."""
    numpy = variant()
    numpy.fit(*dataset.train, 2)
    m = numpy.get_moments()[0]["dense_1/kernel"]
    denormal = float(((m != 0) & (abs(m) < np.finfo("float32").tiny)).mean())
    print(f"after 2 epochs {denormal:.1%} of the first kernel's m are denormal numbers")
    assert denormal > 0.01


def test_initialisers_differ(framework, dataset):
    """The spread of the first kernel: PyTorch 1/sqrt(3 * 784), Keras sqrt(2 / 1296), He sqrt(2 / 784)."""
    spread = float(framework.get_parameters()["dense_1/kernel"].std())
    loss, _ = framework.evaluate(*dataset.test)
    print(f"{framework.name}: standard deviation {spread:.4f}, loss before training {loss:.3f}")
    assert min(abs(spread / known - 1) for known in (0.0206, 0.0393, 0.0505)) < 0.01


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


def last(dm, h, m):
    """The gradient of each maximum to the last that equals it."""
    return first(dm[:, ::-1, ::-1], h[:, ::-1, ::-1], m[:, ::-1, ::-1])[:, ::-1, ::-1]


def shared(dm, h, m):
    """In equal parts to all that equal it."""
    equal = everyone(np.ones_like(dm), h, m)
    return everyone(dm / sum(mnist.corners(equal)), h, m)


def everyone(dm, h, m):
    """Whole to each that equals it: not a gradient at all."""
    dh = np.zeros_like(h)
    for target, number in zip(mnist.corners(dh), mnist.corners(h), strict=True):
        target[...] = dm * (number == m)
    return dh


@pytest.mark.parametrize(("rule", "least", "most"), [(last, 0, 1e-13), (shared, 0, 1e-13), (everyone, 1, 10)])
def test_who_gets_the_gradient_of_equal_maxima_does_not_matter_if_it_is_given_once(
    dataset, monkeypatch, rule, least, most
):
    """Largest error of a gradient of the CNN beside the first, row by row, who gets it in most frameworks."""
    images, labels = (reference.array() for reference in dataset.train.first(128))
    referee = impls.load("numpy", Settings(network="cnn", dtype="float64"))
    referee.set_parameters(start(NETWORKS["cnn"].shapes, seed=1, bias=0.1))
    _, right = referee.loss_and_gradients(images, labels)
    monkeypatch.setattr(mnist, "max_pool_gradient", rule)
    _, gradients = referee.loss_and_gradients(images, labels)
    error, where = largest_distance(gradients, right)
    print(f"{rule.__name__}: {error:.1e} at {where}")
    assert least <= error < most


def test_most_windows_of_the_first_pooling_have_equal_maxima(dataset):
    pixels = dataset.train.images.first(128).array().reshape(-1, 28, 28, 1) / 255
    kernel, bias = list(start(NETWORKS["cnn"].shapes, seed=1, bias=0.1).values())[:2]
    h = np.maximum(mnist.convolve(pixels, kernel) + bias, 0)
    equal = np.sum([number == np.max(mnist.corners(h), axis=0) for number in mnist.corners(h)], axis=0)
    lit = np.max(mnist.corners(h), axis=0) > 0
    print(f"{(equal > 1).mean():.0%} of the windows have equal maxima, {((equal > 1) & lit).mean():.0%} above 0")
    assert (equal > 1).mean() > 0.5
