"""What a step takes in one process and in several: `python -m harness.parallel.cost`.

One process on one core, one on as many as the several have, and the several, each bound to a core of its own. They take
turns of a few steps, and each number is the median of its turns: a machine's speed changes from one second to the next.
"""

import argparse
import contextlib
import statistics
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

import impls
from harness.data.obtain import DataError, obtain
from harness.data.reference import Parts
from harness.parallel.tasks import milliseconds
from harness.parallel.team import Team
from harness.workers.worker import Worker
from impls import parallel
from impls.contract import COMPARED, Settings, check_whole_number
from impls.parallel import MOST_PROCESSES

MOST_TURNS = 10_000


def measured(variant: str, settings: Settings, processes: int, turns: int, dataset: Parts) -> list[float]:
    """Milliseconds of a step: in one process on one core, in one on `processes` cores, and in `processes`."""
    with contextlib.ExitStack() as ending:

        def alone(threads: int) -> Callable:
            worker = Worker(variant, threads=threads)
            ending.callback(worker.close)
            worker.build(impls.load, variant, settings)
            return worker.run

        team = Team(variant, processes)
        ending.callback(team.close)
        team.build(settings)
        sides = [alone(1), alone(processes), lambda *question: max(team.run(*question))]
        question = milliseconds, *dataset.train.first(settings.batch_size)
        taken = [[side(*question) for side in sides] for _ in range(turns + 1)]
    return [statistics.median(each) for each in zip(*taken[1:], strict=True)]  # in the first, programs are compiled


def main() -> None:
    able = [name for name in impls.variants() if parallel.exists(name, Settings.network) and not impls.missing(name)]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", choices=able, action="append", help="only this variant; repeatable")
    parser.add_argument("--network", choices=COMPARED, default=Settings.network, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=Settings.batch_size, help="images a step (default: 128)")
    parser.add_argument("--processes", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--turns", type=int, default=20, help="of 10 steps each (default: %(default)s)")
    options = parser.parse_args()
    try:
        check_whole_number("--turns", options.turns, 1, MOST_TURNS)
        check_whole_number("--processes", options.processes, 1, MOST_PROCESSES)
        settings = Settings(network=options.network, batch_size=options.batch_size)
        dataset = Parts.at(obtain())
        taken = {
            variant: measured(variant, settings, options.processes, options.turns, dataset)
            for variant in options.framework or able
        }
    except (DataError, ValueError) as error:
        sys.exit(f"error: {error}")
    table = Table(title=f"ms of a step of {options.network}, batches of {options.batch_size}", title_justify="left")
    many = options.processes
    for heading in ("", "1 process, 1 core", f"1 process, {many} cores", f"{many} processes, a core each"):
        table.add_column(heading, justify="right")
    for variant, milliseconds_of in taken.items():
        table.add_row(variant, *(f"{each:.2f}" for each in milliseconds_of))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
