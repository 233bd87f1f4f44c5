"""Every variant refuses what it was not made for, and says what was expected and what came."""

from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest

from harness.equality.training import train_on
from impls.contract import Settings

IMAGES = np.zeros((2, 28, 28), np.uint8)
LABELS = np.array([1, 2], np.uint8)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (IMAGES.astype(np.float32), TypeError, "uint8.*got float32"),
        (np.full((2, 28, 28), np.nan), TypeError, "got float64 with NaN"),
        (IMAGES.astype(np.int64), TypeError, "uint8.*got int64"),
        (IMAGES[0], ValueError, r"\(n, 28, 28\), got \(28, 28\)"),
        (IMAGES[:, :27], ValueError, r"got \(2, 27, 28\)"),
        (IMAGES[..., None], ValueError, r"got \(2, 28, 28, 1\)"),
        (IMAGES[:0], ValueError, "at least one image"),
        ([[0]], TypeError, "NumPy array.*got list"),
    ],
    ids=["float", "nan", "int64", "rank-2", "27-rows", "channels", "empty", "list"],
)
def test_images(framework, images, error, message):
    for method in (framework.preprocess, framework.logits, framework.probabilities):
        with pytest.raises(error, match=message):
            method(images)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.array([1, 10]), ValueError, "0..9, got 10 at index 1"),
        (np.array([-1, 3]), ValueError, "0..9, got -1 at index 0"),
        (np.array([1.0, 2.0]), TypeError, "integers, got float64"),
        (np.array([1]), ValueError, r"\(2,\), one for each image, got \(1,\)"),
        (np.eye(10, dtype=np.uint8)[:2], ValueError, r"got \(2, 10\)"),
    ],
    ids=["ten", "negative", "float", "too-few", "one-hot"],
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
        ("batch_size", 60_001, ValueError),
        ("batch_size", 1.5, TypeError),
        ("seed", -1, ValueError),
        ("threads", 0, ValueError),
        ("learning_rate", 0.0, ValueError),
        ("learning_rate", float("nan"), ValueError),
        ("beta_1", 1.0, ValueError),
        ("epsilon", 0.0, ValueError),
        ("dtype", "float16", ValueError),
        ("device", "tpu", ValueError),
    ],
)
def test_settings(field, value, error):
    with pytest.raises(error, match=field):
        Settings(**{field: value})
