"""Train a student without the threes, and count its errors on threes: section 3 of the paper (arXiv:1503.02531).

No three is among the student's training images. The teacher's soft targets of other digits are its only information on
threes. The bias of that class then is far too low, and one number is added to it.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from impls.contract import DATASET, Settings
from impls.distillation import Distillation
from studies.experiment import Experiment, opened, parser

MISSING = 3
RAISES = np.arange(0, 20.05, 0.1)  # of the bias
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


def trial(experiment: Experiment, settings: Settings, how: Distillation, epochs: int) -> tuple[str, ...]:
    """Return (errors, errors on threes) with three biases; before the second and the third pair, the raise.

    1. The bias as trained. 2. The raise that is best for the test labels, as in the paper. 3. The raise that is best
    for the teacher's predictions on all training images, which needs no label and no test image.
    """
    experiment.train_student(settings, how, epochs, experiment.labels != MISSING)
    dataset = experiment.dataset
    logits, train_logits = (experiment.worker.run("logits", split.images) for split in (dataset.test, dataset.train))
    labels = dataset.test.labels.array()
    row = [*map(str, errors(raised(logits, 0), labels))]
    for best in (best_raise(logits, labels), best_raise(train_logits, experiment.logits.argmax(axis=1))):
        row += [f"+{best:.1f}", *map(str, errors(raised(logits, best), labels))]
    return tuple(row)


def table(experiment: Experiment, network: str, trials: list[tuple[str, ...]]) -> Table:
    """Return a row for each seed, and the paper's."""
    result = Table(
        title=f"{experiment.variant}: test errors of {network}, trained without {MISSING}s; "
        f"teacher: {DATASET.test * (1 - experiment.accuracy):.0f}",
        title_justify="left",
    )
    counts = ("errors", "on threes")
    for heading in ("seed", *counts, "bias, by test", *counts, "bias, by teacher", *counts):
        result.add_column(heading, justify="right")
    for seed, row in enumerate(trials):
        result.add_row(str(seed), *row)
    result.add_row("paper", *PAPER)
    return result


def main() -> None:
    options_parser = parser(__doc__.splitlines()[0])
    options_parser.add_argument("--seeds", type=int, default=3, help="of students (default: 3)")
    options = options_parser.parse_args()
    with opened(options) as (experiment, how):
        for network in options.network:
            every = [Settings(network=network, seed=seed) for seed in range(options.seeds)]
            trials = [trial(experiment, settings, how, options.epochs) for settings in every]
            Console(width=120).print(table(experiment, network, trials))


if __name__ == "__main__":
    main()
