"""Measure the effect of distillation: the same student trained on labels alone and distilled, over paired seeds."""

import numpy as np

from harness.judging.intervals import mean_interval, paired_effect
from impls.contract import Settings
from impls.distillation import Distillation
from studies.experiment import Experiment, run
from studies.shared import limits, print_table


def trial(experiment: Experiment, settings: Settings, epochs: int) -> tuple[float, float]:
    """Return the test accuracies in percent: of the student trained on labels alone, and distilled."""

    def accuracy(how: Distillation) -> float:
        experiment.train_student(settings, epochs, how)
        return 100 * experiment.worker.run("evaluate", *experiment.data.test)[1]

    return accuracy(Distillation(weight=0)), accuracy(Distillation())


def show(experiment: Experiment, network: str, trials: list[tuple[float, float]]) -> None:
    """Print both accuracies with their 95 % intervals, and the paired effect with its own."""
    alone, distilled = zip(*trials, strict=True)
    intervals = {"labels alone": mean_interval(alone), "distilled": mean_interval(distilled)}
    rows = [(name, f"{each.mean:.2f} %", limits(each, "{:.2f}")) for name, each in intervals.items()]
    effect = paired_effect(distilled, alone)
    rows.append(("effect, points", f"{effect.mean:+.2f}", limits(effect)))
    better = int(np.sum(np.array(distilled) > np.array(alone)))
    title = f"{experiment.variant}: test accuracy of {network}, {len(trials)} seeds; teacher: {experiment.accuracy:.2%}"
    caption = f"distilled is better with {better} of {len(trials)} seeds"
    print_table(title, ("", "mean", "95 % interval"), rows, caption)


if __name__ == "__main__":
    run(__doc__, 10, 2, trial, show)
