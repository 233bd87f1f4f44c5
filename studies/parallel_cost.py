"""Measure a training step in one process and in two: `python -m studies.parallel_cost`.

Three configurations are compared: one process on one core, one process on two cores, and two processes, each bound to a
core. They are interleaved, a few steps at a time, because the speed of a machine drifts. A
number is the median over these blocks.
"""

import argparse
import statistics
from collections.abc import Callable
from contextlib import ExitStack, closing

import impls
from harness.data.lazy import Parts
from harness.measuring.interleaving import interleaved
from harness.numbers import whole_number
from harness.parallel.parallel_tasks import STEPS, milliseconds
from harness.parallel.team import Team
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls import parallel
from impls.contract import DEFAULT_NETWORKS, Settings
from studies.shared import dataset, print_table

PROCESSES = 2


def measure(variant: str, settings: Settings, turns: int, data: Parts) -> list[float]:
    """Return milliseconds of a step: one process on one core, one on two cores, and two processes."""
    with ExitStack() as stack:

        def one_process(threads: int) -> Callable:
            worker = stack.enter_context(closing(Worker(WorkerSpec(variant, threads=threads))))
            worker.build(impls.load, variant, settings)
            return worker.run

        team = stack.enter_context(closing(Team(variant, PROCESSES)))
        team.build(settings)
        sides = [one_process(1), one_process(PROCESSES), lambda *call: max(team.run(*call))]
        call = milliseconds, *data.train.first(settings.batch_size)
        blocks = {side: [] for side in sides}
        for side in interleaved(sides, range(turns + 1)):
            blocks[side].append(side(*call))
    return [statistics.median(each[1:]) for each in blocks.values()]  # programs are compiled in the first


def main() -> None:
    """Measure each variant and print a table of milliseconds."""
    able = [name for name in impls.variants() if parallel.exists(name, Settings.network) and not impls.missing(name)]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", choices=able, action="append", help="only this variant; repeatable")
    parser.add_argument("--network", choices=DEFAULT_NETWORKS, default=Settings.network, help="default: %(default)s")
    parser.add_argument("--turns", type=whole_number(1), default=20, help=f"blocks of {STEPS} steps (default: 20)")
    options = parser.parse_args()
    settings, data, rows = Settings(network=options.network), dataset(), []
    for variant in options.framework or able:
        rows.append((variant, *(f"{each:.2f}" for each in measure(variant, settings, options.turns, data))))
    headings = "", "1 process, 1 core", "1 process, 2 cores", "2 processes, a core each"
    print_table(f"ms of a step of {options.network}, batches of {settings.batch_size}", headings, rows)


if __name__ == "__main__":
    main()
