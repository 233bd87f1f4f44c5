"""Train a student without the threes, and count its errors on threes: section 3 of the paper (arXiv:1503.02531).

No three is among the student's training images. The teacher's soft targets of other digits are its only information on
threes. The bias of that class then is far too low, and one number is added to it.
"""

import numpy as np

from impls.contract import DATASET, Settings
from impls.distillation import Distillation
from studies.experiment import Experiment, run
from studies.shared import print_table

MISSING = 3
RAISES = np.arange(0, 20.05, 0.1)  # of the bias
COUNTS = ("errors", "on threes")
HEADINGS = ("seed", *COUNTS, "bias, by test", *COUNTS, "bias, by teacher", *COUNTS)
PAPER = ("206", "133", "+3.5", "109", "14", "", "", "")  # of 10,000 and of 1,010; arXiv:1503.02531, section 3


def raised(logits: np.ndarray, raise_: float) -> np.ndarray:
    """Return the predicted classes, (n,), of logits (n, 10), with `raise_` added to the bias of the missing class."""
    return (logits + raise_ * (np.arange(logits.shape[1]) == MISSING)).argmax(axis=1)


def errors(predicted: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """Return the number of errors, and of errors on the missing class."""
    wrong = predicted != labels
    return int(wrong.sum()), int(wrong[labels == MISSING].sum())


def best_raise(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the smallest of `RAISES` with the fewest errors."""
    return float(RAISES[np.argmin([errors(raised(logits, each), labels)[0] for each in RAISES])])


def trial(experiment: Experiment, settings: Settings, epochs: int) -> tuple[str, ...]:
    """Return (errors, errors on threes) with three biases; before the second and the third pair, the raise.

    1. The bias as trained. 2. The raise that is best for the test labels, as in the paper. 3. The raise that is best
    for the teacher's predictions on all training images, which needs no label and no test image.
    """
    experiment.train_student(settings, epochs, Distillation(), experiment.labels != MISSING)
    data = experiment.data
    logits, train_logits = (experiment.worker.run("logits", split.images) for split in (data.test, data.train))
    labels = data.test.labels.array()
    row = [*map(str, errors(raised(logits, 0), labels))]
    for best in (best_raise(logits, labels), best_raise(train_logits, experiment.logits.argmax(axis=1))):
        row += [f"+{best:.1f}", *map(str, errors(raised(logits, best), labels))]
    return tuple(row)


def show(experiment: Experiment, network: str, trials: list[tuple[str, ...]]) -> None:
    """Print a row for each seed, and the paper's."""
    teacher = f"{DATASET.test * (1 - experiment.accuracy):.0f}"
    title = f"{experiment.variant}: test errors of {network}, trained without {MISSING}s; teacher: {teacher}"
    print_table(title, HEADINGS, [*((str(seed), *row) for seed, row in enumerate(trials)), ("paper", *PAPER)])


if __name__ == "__main__":
    run(__doc__.splitlines()[0], 3, 1, trial, show)
