"""Train in several processes of this machine: what `python -m impls.parallel.pytorch` and its siblings run."""

import contextlib
import sys
from pathlib import Path

import impls
from harness.data.reference import Parts
from harness.equality.training import train
from harness.parallel.team import Team
from harness.workers.worker import Worker, WorkerDied, WorkerError
from impls._main import parser, read, settings, tell_versions, told_in_a_line
from impls.contract import COMPARED, check_whole_number
from impls.parallel import MOST_PROCESSES


def train_together(variant: str) -> None:
    """Print a line for each epoch, its seconds, and the test accuracy that one process finds."""
    found = parser("Train a network on MNIST in several processes and print its test accuracy.", COMPARED, epochs=10)
    found.add_argument("--processes", type=int, default=2, help="each with its part of every batch (default: 2)")
    options = found.parse_args()
    with told_in_a_line(), contextlib.ExitStack() as ending:
        processes = check_whole_number("--processes", options.processes, 1, MOST_PROCESSES)
        chosen, dataset = settings(options), read(readable, options)

        def hear(event: str, told: dict) -> None:
            if event == "epoch":
                print(f"epoch {told['epoch']:2}/{options.epochs}  loss {told['loss']:.4f}  {told['seconds']:5.1f} s")

        try:
            team = Team(variant, processes, on_event=hear)
            ending.callback(team.close)
            team.build(chosen)
            tell_versions(team.call("versions")[0])
            history = team.run(train, *dataset.train, options.epochs)[0]
            alone = Worker(variant)
            ending.callback(alone.close)
            alone.build(impls.load, variant, chosen)
            alone.call("set_parameters", team.call("get_parameters")[0])
            loss, accuracy = alone.call("evaluate", *dataset.test)
        except (WorkerDied, WorkerError) as error:
            sys.exit(f"error: {str(error).splitlines()[0]}")
    seconds = sum(history["seconds"]) / len(history["seconds"])
    print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}; {processes} processes, {seconds:.1f} s an epoch")


def readable(directory: Path) -> Parts:
    """The data set in this folder, once it has been read. Raises what reading it raises."""
    dataset = Parts.at(directory)
    dataset.train.images.array()
    return dataset
