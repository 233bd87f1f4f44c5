"""Knowledge distillation, defined once: a large network teaches a small one (Hinton, Vinyals, Dean, arXiv:1503.02531).

The student learns from each image's label, and from what the teacher says of it, the *soft targets*: not only that it
is a 3, but how much of an 8 there is in it. With logits z of the student and t of the teacher, H(p, q) = -sum(p log(q))
the cross-entropy of two distributions over the classes, T the temperature and a the weight of the soft part, the loss
is the mean over the batch of

    (1 - a) H(one_hot(label), softmax(z)) + a T^2 H(softmax(t / T), softmax(z / T))

- A temperature above 1 makes the softmax flatter, so that the small probabilities count. It is that of both sides; the
  label's part has none, and neither has a student at work.
- The gradient of H(softmax(t / T), softmax(z / T)) is (softmax(z / T) - softmax(t / T)) / T, and the difference shrinks
  with 1 / T as well: T^2 keeps the soft part's share whatever the temperature (section 2 of the paper).
- H is the cross-entropy, as in the paper, and not the Kullback-Leibler divergence, which is less by the teacher's
  entropy: a constant, so the gradient is the same.

The teacher is no part of this: its logits are computed once, of all images from which the student learns, since these
are the same in each epoch. From then on they are data.
"""

import math
from dataclasses import dataclass

import numpy as np

import impls
from impls.checks import check_labels
from impls.adapter import Adapter
from impls.contract import DATASET, Settings

TEACHER, STUDENT = "cnn", "student"  # of `NETWORKS`


@dataclass(frozen=True)
class Distillation:
    """How a student is taught; the same object configures every framework.

    - `temperature`: T, above 0. The paper found 2.5 to 4 best for a student of 30 hidden units.
    - `weight`: a, in [0, 1]: 0 is training on the labels alone, 1 on the teacher alone. The paper gave the labels
      "considerably lower weight".

    Raises `ValueError`, with the field's name, for a value outside these ranges.
    """

    temperature: float = 4.0
    weight: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"Distillation.temperature must be positive and finite, got {self.temperature!r}")
        if not 0 <= self.weight <= 1:
            raise ValueError(f"Distillation.weight must be in [0, 1], got {self.weight!r}")


def targets(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """What a student learns from, in place of labels: (n, 2, 10), each label as one-hot, and the teacher's logits.

    `labels` are integers, (n,), 0..9; `logits` the teacher's, float (n, 10), whose dtype is that of the result. Raises
    `TypeError` or `ValueError` if they are not.
    """
    check_labels(labels, len(labels))
    shape = (len(labels), DATASET.classes)
    if not isinstance(logits, np.ndarray) or logits.dtype.kind != "f":
        raise TypeError(f"the teacher's logits must be a NumPy array of floats, got {_kind(logits)}")
    if logits.shape != shape:
        raise ValueError(f"the teacher's logits must have shape {shape}, a row for each label, got {logits.shape}")
    one_hot = np.eye(DATASET.classes, dtype=logits.dtype)[labels]  # (n,) -> (n, 10)
    return check_targets(np.stack([one_hot, logits], axis=1), len(labels))  # 2 x (n, 10) -> (n, 2, 10)


def check_targets(found: np.ndarray, count: int) -> np.ndarray:
    """Return them if they are `targets` of so many images; otherwise raise `TypeError` or `ValueError`."""
    if not isinstance(found, np.ndarray) or found.dtype.kind != "f":
        raise TypeError(f"a student learns from `targets(labels, logits)`, a NumPy array of floats, got {_kind(found)}")
    if found.shape != (count, 2, DATASET.classes):
        raise ValueError(f"targets must have shape {(count, 2, DATASET.classes)}, got {found.shape}")
    finite = np.isfinite(found).all(axis=(1, 2))  # (n, 2, 10) -> (n,)
    if not finite.all():
        raise ValueError(f"the teacher's logits must be finite, got NaN or infinity at index {int(finite.argmin())}")
    return found


def evaluated(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """What `Adapter.evaluate` returns, of logits (n, 10): a student is judged by the labels alone."""
    labels = check_labels(labels, len(logits))
    losses = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(labels)), labels]  # (n, 10) -> (n,)
    return float(losses.mean()), float(np.mean(logits.argmax(axis=1) == labels))


def _kind(value: object) -> str:
    return str(value.dtype) if isinstance(value, np.ndarray) else type(value).__name__


def exists(variant: str, network: str) -> bool:
    """Whether the variant has a file here, and NumPy, which is the referee. The student is an MLP."""
    return impls.has_file(variant, "distillation") and "numpy" in impls.variants() and network == "mlp"


def load(variant: str, settings: Settings, distillation: Distillation) -> Adapter:
    """The student of a variant, as `impls.load` loads a network of impls/ itself, and raises what that raises.

    It is trained on `targets`, which take the place of labels in `loss_and_gradients`, `prepare_batch` and `fit`; the
    loss is the one above. `evaluate` takes labels, and returns what it returns of any network. `settings.network` says
    which network the student is: `STUDENT`, or one of the framework's own.
    """
    return impls.import_(variant, "distillation").Adapter(settings, distillation)
