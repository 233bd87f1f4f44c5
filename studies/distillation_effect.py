"""Measure the effect of distillation: the same student trained on labels alone and distilled, over paired seeds."""

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from harness.judging.intervals import mean_interval, paired_effect
from impls.contract import Settings
from impls.distillation import Distillation
from studies.experiment import Experiment, opened, parser

LABELS_ALONE = Distillation(weight=0)


def trial(experiment: Experiment, settings: Settings, how: Distillation, epochs: int) -> tuple[float, float]:
    """Return the test accuracies in percent: of the student trained on labels alone, and distilled."""

    def accuracy(how: Distillation) -> float:
        experiment.train_student(settings, how, epochs)
        return 100 * experiment.worker.run("evaluate", *experiment.dataset.test)[1]

    return accuracy(LABELS_ALONE), accuracy(how)


def table(experiment: Experiment, network: str, trials: list[tuple[float, float]]) -> Table:
    """Return both accuracies with their 95 % intervals, and the paired effect with its own."""
    alone, distilled = zip(*trials, strict=True)
    result = Table(
        title=f"{experiment.variant}: test accuracy of {network}, {len(trials)} seeds; "
        f"teacher: {experiment.accuracy:.2%}",
        title_justify="left",
    )
    for heading in ("", "mean", "95 % interval"):
        result.add_column(heading, justify="right")
    for label, accuracies in (("labels alone", alone), ("distilled", distilled)):
        mean, low, high = mean_interval(accuracies)
        result.add_row(label, f"{mean:.2f} %", f"{low:.2f} to {high:.2f}")
    effect = paired_effect(distilled, alone)
    result.add_row("effect, points", f"{effect.mean:+.2f}", f"{effect.low:+.2f} to {effect.high:+.2f}")
    better = int(np.sum(np.array(distilled) > np.array(alone)))
    result.caption = f"distilled is better with {better} of {len(trials)} seeds"
    return result


def main() -> None:
    options_parser = parser(__doc__.splitlines()[0])
    options_parser.add_argument("--seeds", type=int, default=10, help="of students (default: 10)")
    options = options_parser.parse_args()
    if options.seeds < 2:
        options_parser.error("an interval needs at least 2 seeds")
    with opened(options) as (experiment, how):
        for network in options.network:
            every = [Settings(network=network, seed=seed) for seed in range(options.seeds)]
            trials = [trial(experiment, settings, how, options.epochs) for settings in track(every, network)]
            Console(width=120).print(table(experiment, network, trials))


if __name__ == "__main__":
    main()
