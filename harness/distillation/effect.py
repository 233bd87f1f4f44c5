"""What is a teacher worth to a student? The same student alone and taught, from the same seeds, for as many steps."""

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from harness.distillation.classroom import Classroom, opened, parser
from harness.judging.intervals import mean_interval, paired_effect
from impls.contract import Settings
from impls.distillation import Distillation

ALONE = Distillation(weight=0)  # the teacher's part is 0: trained on the labels


def trial(classroom: Classroom, settings: Settings, how: Distillation, epochs: int) -> tuple[float, float]:
    """The test accuracy in percent, alone and taught."""

    def accuracy(how: Distillation) -> float:
        classroom.teach(settings, how, epochs)
        return 100 * classroom.worker.call("evaluate", *classroom.dataset.test)[1]

    return accuracy(ALONE), accuracy(how)


def table(classroom: Classroom, network: str, trials: list[tuple[float, float]]) -> Table:
    """Both ways with their 95 % intervals, and the paired effect of the teacher with its own."""
    alone, taught = zip(*trials, strict=True)
    found = Table(
        title=f"{classroom.variant}: test accuracy of {network} and {len(trials)} seeds; "
        f"its teacher: {classroom.accuracy:.2%}",
        title_justify="left",
    )
    for heading in ("", "mean", "95 % interval"):
        found.add_column(heading, justify="right")
    for what, accuracies in (("alone", alone), ("taught", taught)):
        mean, low, high = mean_interval(accuracies)
        found.add_row(what, f"{mean:.2f} %", f"{low:.2f} to {high:.2f}")
    effect = paired_effect(taught, alone)
    found.add_row("effect, points", f"{effect.mean:+.2f}", f"{effect.low:+.2f} to {effect.high:+.2f}")
    better = int(np.sum(np.array(taught) > np.array(alone)))
    found.caption = f"taught is better with {better} of {len(trials)} seeds"
    return found


def main() -> None:
    options_of = parser(__doc__.splitlines()[0])
    options_of.add_argument("--seeds", type=int, default=10, help="of students, each way (default: 10)")
    options = options_of.parse_args()
    if options.seeds < 2:
        options_of.error("an interval needs at least 2 seeds")
    with opened(options) as (classroom, how):
        for network in options.network:
            every = [Settings(network=network, seed=seed) for seed in range(options.seeds)]
            trials = [trial(classroom, settings, how, options.epochs) for settings in track(every, network)]
            Console(width=120).print(table(classroom, network, trials))


if __name__ == "__main__":
    main()
