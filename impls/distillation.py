"""Knowledge distillation for all frameworks: a small network learns from a large one (Hinton et al., arXiv:1503.02531).

The *student* learns from each image's label and from the *teacher*'s logits, whose softmax is the *soft targets*. They
hold more than the label: an image of a 3 also has a probability of being an 8. Let z be the logits of the student
and t those of the teacher. H(p, q) = -sum(p log(q)) is the cross-entropy of two distributions over the classes. With
the temperature T and the weight a of the soft part, the loss is the mean over the batch of

    (1 - a) H(one_hot(label), softmax(z)) + a T^2 H(softmax(t / T), softmax(z / T))

- A temperature above 1 makes the softmax flatter, so that small probabilities count. It is applied to both networks in
  the soft part only. The label's part and the trained student have no temperature.
- The gradient of H(softmax(t / T), softmax(z / T)) is (softmax(z / T) - softmax(t / T)) / T. The difference shrinks
  with 1 / T as well. The factor T^2 keeps the soft part's share at any temperature (section 2 of the paper).
- H is the cross-entropy, as in the paper. The Kullback-Leibler divergence is smaller by the teacher's entropy, which is
  a constant, so its gradient is the same.

The teacher's logits of all training images are computed once, because they are the same in each epoch. They are data.

`python -m impls.distillation VARIANT` trains a teacher, and a student without it and with it.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

import impls
from impls import command_line
from impls.adapter import Adapter
from impls.checks import check_labels
from impls.contract import DATASET, Settings

TEACHER, STUDENT = "cnn", "student"  # of `NETWORKS`


@dataclass(frozen=True)
class Distillation:
    """How a student is trained; the same object configures every framework.

    - `temperature`: T, above 0. In the paper, 2.5 to 4 was best for a student of 30 hidden units.
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
    """Return the targets of a student, (n, 2, 10): each label as one-hot, and the teacher's logits.

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


def check_targets(array: np.ndarray, count: int) -> np.ndarray:
    """Return `array` if it is the `targets` of `count` images; otherwise raise `TypeError` or `ValueError`."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        raise TypeError(f"a student learns from `targets(labels, logits)`, a NumPy array of floats, got {_kind(array)}")
    if array.shape != (count, 2, DATASET.classes):
        raise ValueError(f"targets must have shape {(count, 2, DATASET.classes)}, got {array.shape}")
    finite = np.isfinite(array).all(axis=(1, 2))  # (n, 2, 10) -> (n,)
    if not finite.all():
        raise ValueError(f"the teacher's logits must be finite, got NaN or infinity at index {int(finite.argmin())}")
    return array


def _kind(value: object) -> str:
    return str(value.dtype) if isinstance(value, np.ndarray) else type(value).__name__


class Student:
    """The two methods of `Adapter` that differ for a student: it is trained on `targets` and evaluated on labels."""

    check_targets = staticmethod(check_targets)

    def evaluate(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Return (mean cross-entropy in nats, fraction of images whose largest logit is their label)."""
        logits = self.logits(images)
        check_labels(labels, len(logits))
        losses = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(labels)), labels]  # (n, 10) -> (n,)
        return float(losses.mean()), float(np.mean(logits.argmax(axis=1) == labels))


def exists(variant: str, network: str) -> bool:
    """Return whether the variant has this chapter, and the reference, NumPy, too. The student is an MLP."""
    return impls.has_file(variant, "distillation") and "numpy" in impls.variants() and network == "mlp"


def load(variant: str, settings: Settings, distillation: Distillation) -> Adapter:
    """Build the student of a variant, with the tutorial's network if `settings.network` names one of these.

    The student takes `targets` instead of labels in `prepare_batch`, `loss_and_gradients` and `fit`. `evaluate` takes
    labels. Raises the exceptions of `impls.import_`.
    """
    adapter, chapter = impls.import_(variant), impls.import_(variant, "distillation")
    options = {name.lower(): getattr(chapter, name) for name in ("MODELS", "KERNEL_SHAPES") if hasattr(chapter, name)}
    loss_fn = chapter.make_loss(distillation.temperature, distillation.weight)
    return type("Student", (Student, adapter.Adapter), {})(settings, loss_fn=loss_fn, **options)


def main() -> None:
    """Print the test accuracy of the teacher, of a student trained on labels alone, and of a distilled student."""
    description = "Train a network on MNIST, and a small one that learns from it."
    parser = command_line.parser("impls.distillation", description, epochs=3, networks=[TEACHER])
    parser.add_argument("--student-epochs", type=int, default=10, help="epochs of each student (default: 10)")
    parser.add_argument("--temperature", type=float, default=Distillation.temperature, help="T (default: 4)")
    parser.add_argument("--weight", type=float, default=Distillation.weight, help="a, the teacher's (default: 0.9)")
    options = parser.parse_args()
    with command_line.errors_in_one_line():
        distilled = Distillation(options.temperature, options.weight)
        settings = command_line.settings(options)
        teacher = impls.load(options.variant, settings)
        (images, labels), test = command_line.load_dataset(teacher, options)
        teacher.fit(images, labels, options.epochs, command_line.progress(options.epochs))
        command_line.print_accuracy(teacher, test, ": teacher")
        student_targets = targets(labels, teacher.logits(images))
        for label, how in ((": student, labels alone", Distillation(weight=0)), (": student, distilled", distilled)):
            student = load(options.variant, replace(settings, network=STUDENT), how)
            student.fit(images, student_targets, options.student_epochs, command_line.progress(options.student_epochs))
            command_line.print_accuracy(student, test, label)


if __name__ == "__main__":
    main()
