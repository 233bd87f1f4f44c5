"""Every variant refuses what it was not made for, and says what was expected and what came."""

import re
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest

from harness.equality.training import train_on
from impls.contract import DATASET, Cosine, Settings

IMAGES = np.zeros((2, *DATASET.image_shape), np.uint8)
LABELS = np.array([0, 1], np.uint8)
LAST = DATASET.classes - 1


def shape(array):
    """A regular expression of the shape in a message."""
    return re.escape(str(array.shape))


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (IMAGES.astype(np.float32), TypeError, "uint8.*got float32"),
        (np.full(IMAGES.shape, np.nan), TypeError, "got float64 with NaN"),
        (IMAGES.astype(np.int64), TypeError, "uint8.*got int64"),
        (IMAGES[0], ValueError, rf"\(n, .*, got {shape(IMAGES[0])}"),
        (IMAGES[:, 1:], ValueError, f"got {shape(IMAGES[:, 1:])}"),
        (IMAGES[..., None], ValueError, f"got {shape(IMAGES[..., None])}"),
        (IMAGES[:0], ValueError, "at least one image"),
        ([[0]], TypeError, "NumPy array.*got list"),
    ],
    ids=["float", "nan", "int64", "no-batch", "row-missing", "channels", "empty", "list"],
)
def test_images(framework, images, error, message):
    for method in (framework.preprocess, framework.logits, framework.probabilities):
        with pytest.raises(error, match=message):
            method(images)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.array([1, LAST + 1]), ValueError, f"0..{LAST}, got {LAST + 1} at index 1"),
        (np.array([-1, 1]), ValueError, f"0..{LAST}, got -1 at index 0"),
        (np.array([1.0, 2.0]), TypeError, "integers, got float64"),
        (np.array([1]), ValueError, r"\(2,\), one for each image, got \(1,\)"),
        (np.eye(LAST + 1, dtype=np.uint8)[:2], ValueError, rf"got \(2, {LAST + 1}\)"),
    ],
    ids=["too-large", "negative", "float", "too-few", "one-hot"],
)
def test_labels(framework, labels, error, message):
    for method in (framework.loss_and_gradients, partial(framework.run, train_on), framework.evaluate):
        with pytest.raises(error, match=message):
            method(IMAGES, labels)


@pytest.mark.parametrize(("epochs", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("3", TypeError)])
def test_epochs(framework, epochs, error):
    with pytest.raises(error, match="epochs must be"):
        framework.fit(IMAGES, LABELS, epochs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, parameters: dict(list(parameters.items())[1:]), "must be named"),
        (lambda name, parameters: parameters | {name: parameters[name].T}, "must be a float array of shape"),
        (lambda name, parameters: parameters | {name: np.nan * parameters[name]}, "must be finite"),
        (lambda name, parameters: parameters | {name: parameters[name].astype(float) + 1e300}, "must be finite"),
        (lambda name, parameters: parameters | {name: parameters[name].astype(int)}, "must be a float array"),
    ],
    ids=["one-missing", "transposed", "nan", "too-large", "integer"],
)
def test_parameters(framework, change, message):
    right = {name: np.zeros(shape, np.float32) for name, shape in framework.network.shapes.items()}
    framework.set_parameters(right)
    first = next(iter(right))
    with pytest.raises(ValueError, match=message):
        framework.set_parameters(change(first, right))


def test_a_device_that_is_not_there_is_refused(framework, pytestconfig):
    """Under `--device cpu`, the default, workers see no GPU; under `--device cuda` they do."""
    refused = pytest.raises(ValueError, match=r"Settings\.device is 'cuda', but .* sees no GPU")
    with refused if pytestconfig.option.device == "cpu" else nullcontext():
        framework.with_settings(device="cuda")


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("network", "rnn", ValueError),
        ("batch_size", 0, ValueError),
        ("batch_size", DATASET.train + 1, ValueError),
        ("batch_size", 1.5, TypeError),
        ("seed", -1, ValueError),
        ("threads", 0, ValueError),
        ("learning_rate", 0.0, ValueError),
        ("learning_rate", float("nan"), ValueError),
        ("beta_1", 1.0, ValueError),
        ("epsilon", 0.0, ValueError),
        ("optimizer", "sgd", ValueError),
        ("weight_decay", -1.0, ValueError),
        ("weight_decay", 0.01, ValueError),  # of Adam
        ("schedule", 0.5, TypeError),
        ("dtype", "float16", ValueError),
        ("device", "tpu", ValueError),
    ],
)
def test_settings(field, value, error):
    with pytest.raises(error, match=field):
        Settings(**{field: value})


@pytest.mark.parametrize(
    ("change", "error"),
    [({"warmup": -1}, ValueError), ({"steps": 16}, ValueError), ({"steps": 2.5}, TypeError), ({"last": 2}, ValueError)],
)
def test_schedule(change, error):
    [field] = change
    with pytest.raises(error, match=f"Cosine.{field}"):
        Cosine(**{"warmup": 16, "steps": 100, "first": 0.1, "last": 0.01} | change)
