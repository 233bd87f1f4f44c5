"""Can a student know a digit that it was never shown? Section 3 of the paper, with the threes left out.

Left out of what the student learns from, labels and teacher's logits alike; only in what the teacher says of other
digits is there something of a 3. Its bias of that class is far too low then, and is raised by one number.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from harness.distillation.classroom import Classroom, opened, parser
from impls.contract import DATASET, Settings
from impls.distillation import Distillation

MISSING = 3
RAISES = np.arange(0, 20.05, 0.1)  # of the bias
PAPER = ("206", "133", "+3.5", "109", "14", "", "", "")  # of 10,000 and of 1,010; arXiv:1503.02531, section 3


def raised(logits: np.ndarray, raise_: float) -> np.ndarray:
    """Predicted classes, (n,), of logits (n, 10), with the bias of the missing class raised by so much."""
    return (logits + raise_ * (np.arange(logits.shape[1]) == MISSING)).argmax(axis=1)


def errors(predicted: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """Of all, and of the missing class."""
    wrong = predicted != labels
    return int(wrong.sum()), int(wrong[labels == MISSING].sum())


def best_raise(logits: np.ndarray, labels: np.ndarray) -> float:
    """The smallest with the fewest errors."""
    return float(RAISES[np.argmin([errors(raised(logits, each), labels)[0] for each in RAISES])])


def trial(classroom: Classroom, settings: Settings, how: Distillation, epochs: int) -> tuple[str, ...]:
    """Errors and errors on threes: as it is; raised for the test images as in the paper; and raised for what the
    teacher says of all training images, which needs no label and no test image. Before the latter two, the raise."""
    classroom.teach(settings, how, epochs, classroom.labels != MISSING)
    logits, of_training = (
        classroom.worker.call("logits", split.images) for split in (classroom.dataset.test, classroom.dataset.train)
    )
    labels = classroom.dataset.test.labels.array()
    found = [*map(str, errors(raised(logits, 0), labels))]
    for best in (best_raise(logits, labels), best_raise(of_training, classroom.logits.argmax(axis=1))):
        found += [f"+{best:.1f}", *map(str, errors(raised(logits, best), labels))]
    return tuple(found)


def table(classroom: Classroom, network: str, trials: list[tuple[str, ...]]) -> Table:
    """A row for each seed, and the paper's."""
    found = Table(
        title=f"{classroom.variant}: test errors of {network}, never shown a {MISSING}; "
        f"its teacher: {DATASET.test * (1 - classroom.accuracy):.0f}",
        title_justify="left",
    )
    counts = ("errors", "on threes")
    for heading in ("seed", *counts, "bias, by test", *counts, "bias, by teacher", *counts):
        found.add_column(heading, justify="right")
    for seed, row in enumerate(trials):
        found.add_row(str(seed), *row)
    found.add_row("paper", *PAPER)
    return found


def main() -> None:
    options_of = parser(__doc__.splitlines()[0])
    options_of.add_argument("--seeds", type=int, default=3, help="of students (default: 3)")
    options = options_of.parse_args()
    with opened(options) as (classroom, how):
        for network in options.network:
            every = [Settings(network=network, seed=seed) for seed in range(options.seeds)]
            trials = [trial(classroom, settings, how, options.epochs) for settings in every]
            Console(width=120).print(table(classroom, network, trials))


if __name__ == "__main__":
    main()
