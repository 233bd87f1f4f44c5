"""Test accuracy of one variant under two versions: trainings with the same seeds, until there is a verdict."""

from collections.abc import Callable

from harness.equality.limits import ACCURACY_MARGIN
from harness.judging.sequential import Batch, Sampling, sequential
from harness.judging.verdict import Verdict, judge
from harness.regression.pair import Pair


def compare_accuracy(pair: Pair, sampling: Sampling, on_seed: Callable[[int], None]) -> Verdict:
    """Return the verdict on the accuracy after one epoch. Raises as `Pair.run`; `on_seed(seed)` is called before each.

    One epoch shows a change of the training; after ten, the differences between seeds hide it (docs/lessons.md).
    """
    accuracies: tuple[list[float], list[float]] = ([], [])

    def train(batch: Batch) -> None:
        for seed in batch.numbers:
            on_seed(seed)
            pair.build(seed=seed)
            pair.run("fit", *pair.dataset.train, 1)
            for side, (_, accuracy) in zip(accuracies, pair.run("evaluate", *pair.dataset.test), strict=True):
                side.append(accuracy)

    def judged(_: str, alpha: float) -> Verdict:
        if not accuracies[0]:
            return Verdict("inconclusive", reason="the time was up before the first training")
        verdict = judge(*accuracies, ACCURACY_MARGIN, alpha, "points")
        return verdict._replace(reason=verdict.reason.replace("launches", "seeds"))

    *_, verdicts = sequential(train, judged, ["accuracy"], sampling)
    return verdicts["accuracy"]
