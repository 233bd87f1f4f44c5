"""Train in several processes of this machine: `python -m harness.parallel pytorch --processes 2`."""

import sys
from contextlib import closing
from pathlib import Path

import impls
from harness.data.lazy import Parts
from harness.data.obtain import obtain
from harness.equality.training import train
from harness.parallel.team import Team
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker, WorkerDied, WorkerError
from impls import command_line, parallel
from impls.contract import check_whole_number

MOST_PROCESSES = 64


def main() -> None:
    """Print a line for each epoch, with its seconds, and the test accuracy, which one process computes."""
    description = "Train a network on MNIST in several processes and print its test accuracy."
    parser = command_line.parser("harness.parallel", description, epochs=10)
    parser.add_argument("--processes", type=int, default=2, help="each has its part of every batch (default: 2)")
    options = parser.parse_args()
    with command_line.errors_in_one_line():
        if not parallel.exists(options.variant, options.network):
            raise ValueError(f"{options.variant} has no chapter on parallel training")
        processes = check_whole_number("--processes", options.processes, 1, MOST_PROCESSES)
        settings = command_line.settings(options)

        def on_event(event: str, details: dict) -> None:
            if event == "epoch":
                line = "epoch {epoch:2}/{epochs}  loss {loss:.4f}  {seconds:5.1f} s"
                print(line.format(epochs=options.epochs, **details))

        try:
            dataset = Parts.at(obtain(options.data_dir and Path(options.data_dir)))
            with closing(Team(options.variant, processes, on_event=on_event)) as team:
                team.build(settings)
                print(", ".join(f"{name} {version}" for name, version in team.run("versions")[0].items()))
                history = team.run(train, *dataset.train, options.epochs)[0]
                parameters = team.run("get_parameters")[0]
            with closing(Worker(WorkerSpec(options.variant))) as single:
                single.build(impls.load, options.variant, settings)
                single.run("set_parameters", parameters)
                loss, accuracy = single.run("evaluate", *dataset.test)
        except (WorkerDied, WorkerError) as error:
            sys.exit(f"error: {error}")
    seconds = sum(history["seconds"]) / len(history["seconds"])
    print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}; {processes} processes, {seconds:.1f} s an epoch")


if __name__ == "__main__":
    main()
