"""Distillation refuses invalid targets, temperatures and weights, in every variant."""

from dataclasses import replace

import numpy as np
import pytest

from harness.equality.training import train_on
from impls import distillation
from impls.distillation import STUDENT, Distillation, targets

pytestmark = pytest.mark.distillation
IMAGES = np.zeros((2, 28, 28), np.uint8)
LABELS = np.array([1, 2], np.uint8)
LOGITS = np.zeros((2, 10), np.float32)


@pytest.mark.parametrize(
    ("labels", "logits", "error", "message"),
    [
        (LABELS, LOGITS[:1], ValueError, r"\(2, 10\), a row for each label, got \(1, 10\)"),
        (LABELS, LOGITS[:, :9], ValueError, r"\(2, 10\), a row for each label, got \(2, 9\)"),
        (LABELS, LOGITS.astype(int), TypeError, "logits must be a NumPy array of floats, got int64"),
        (LABELS, [[0.0]], TypeError, "floats, got list"),
        (LABELS, LOGITS + np.array([[0], [np.inf]]), ValueError, "finite, got NaN or infinity at index 1"),
        (LABELS + 8, LOGITS, ValueError, "0..9, got 10 at index 1"),
    ],
    ids=["too-few", "nine-classes", "integers", "list", "infinite", "label-ten"],
)
def test_invalid_targets_are_refused(labels, logits, error, message):
    with pytest.raises(error, match=message):
        targets(labels, logits)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0.0),
        ("temperature", float("inf")),
        ("temperature", float("nan")),
        ("weight", 1.1),
        ("weight", -1),
    ],
)
def test_invalid_temperature_or_weight_is_refused(field, value):
    with pytest.raises(ValueError, match=f"Distillation.{field} must be"):
        Distillation(**{field: value})


@pytest.mark.parametrize(
    ("found", "error", "message"),
    [
        (LABELS, TypeError, r"learns from `targets\(labels, logits\)`, a NumPy array of floats, got uint8"),
        (targets(LABELS, LOGITS)[:1], ValueError, r"targets must have shape \(2, 2, 10\), got \(1, 2, 10\)"),
        (LOGITS, ValueError, r"targets must have shape \(2, 2, 10\), got \(2, 10\)"),
        (np.full((2, 2, 10), np.nan), ValueError, "logits must be finite, got NaN or infinity at index 0"),
    ],
    ids=["labels", "too-few", "logits", "nan"],
)
def test_other_targets_are_refused(framework, fleet, found, error, message):
    settings = replace(framework.settings, network=STUDENT)
    student = fleet.framework(framework.name, settings, framework.worker_key, distillation.load, Distillation())
    for ask in (
        lambda: student.loss_and_gradients(IMAGES, found),
        lambda: student.run(train_on, IMAGES, found),
        lambda: student.fit(IMAGES, found, 1),
    ):
        with pytest.raises(error, match=message):
            ask()
