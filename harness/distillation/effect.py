"""What is a teacher worth to a student? The same student alone and taught, from the same seeds, for as many steps."""

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from harness.distillation.classroom import Classroom, opened, parser
from harness.judging.intervals import mean_interval, paired_effect
from impls.contract import NETWORKS, Settings
from impls.distillation import STUDENT, Distillation

ALONE = Distillation(weight=0)  # the teacher's part is 0: trained on the labels


def trial(classroom: Classroom, how: Distillation, epochs: int, seed: int) -> tuple[float, float]:
    """The test accuracy in percent, alone and taught."""

    def accuracy(how: Distillation) -> float:
        classroom.teach(Settings(network=STUDENT, seed=seed), how, epochs)
        return 100 * classroom.worker.call("evaluate", *classroom.dataset.test)[1]

    return accuracy(ALONE), accuracy(how)


def table(classroom: Classroom, trials: list[tuple[float, float]]) -> Table:
    """Both ways with their 95 % intervals, and the paired effect of the teacher with its own."""
    alone, taught = zip(*trials, strict=True)
    layers = [shape[0] for name, shape in NETWORKS[STUDENT].shapes.items() if name.endswith("bias")]
    found = Table(
        title=f"{classroom.variant}: test accuracy of a student of {' and '.join(map(str, layers))} units, "
        f"{len(trials)} seeds; its teacher: {classroom.accuracy:.2%}",
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
        seeds = track(range(options.seeds), "teaching")
        trials = [trial(classroom, how, options.epochs, seed) for seed in seeds]
        Console(width=120).print(table(classroom, trials))


if __name__ == "__main__":
    main()
