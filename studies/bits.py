"""Compare quantization-aware training with rounding after training, for weights of 8 to 2 bits: `make bits`.

Both networks see the same number of images. One continues in float32 and is rounded at the end, the other rounds in
each step.
"""

import argparse
import sys

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import impls
from harness.data.obtain import DataError, obtain
from harness.data.reference import Parts
from harness.equality.training import train
from harness.judging.intervals import mean_interval, paired_effect
from harness.workers.worker import Worker, WorkerSpec
from impls import quantization
from impls.contract import Settings
from impls.numpy.quantization import calibrate
from impls.quantization import CALIBRATED_ON, Scales

VARIANT = "numpy"  # the tests show that all variants compute the same
BITS = (8, 4, 3, 2)
BEFORE, AFTER = 3, 2  # epochs in float32, and epochs of each of the two ways
FLOAT = "float32"

Accuracies = dict[str, float]  # in percent


def trial(worker: Worker, dataset: Parts, network: str, seed: int) -> Accuracies:
    """Return the test accuracies of one seed: of "float32", "BITS rounded" and "BITS trained"."""
    settings = Settings(network=network, seed=seed)
    images = dataset.train.images.first(CALIBRATED_ON).array()

    def trained_on(parameters: dict[str, np.ndarray], epochs: int, *scales: Scales) -> dict[str, np.ndarray]:
        worker.build(quantization.load if scales else impls.load, VARIANT, settings, *scales)
        if parameters:
            worker.run("set_parameters", parameters)
        if epochs:
            worker.run(train, *dataset.train, epochs)
        return worker.run("get_parameters")

    def accuracy() -> float:
        return 100 * worker.run("evaluate", *dataset.test)[1]

    begun = trained_on({}, BEFORE)
    finished = trained_on(begun, AFTER)
    accuracies = {FLOAT: accuracy()}
    for bits in BITS:
        largest = 2 ** (bits - 1) - 1
        trained_on(finished, 0, calibrate(network, finished, images, largest))
        accuracies[f"{bits} rounded"] = accuracy()
        trained_on(begun, AFTER, calibrate(network, begun, images, largest))
        accuracies[f"{bits} trained"] = accuracy()
    return accuracies


def table(trials: list[Accuracies]) -> Table:
    """Return a row for each number of bits: both ways, and the paired effect of the second, with its 95 % interval."""
    reached = mean_interval([each[FLOAT] for each in trials])
    interval = f"{reached.low:.2f} to {reached.high:.2f}"
    result = Table(
        title=f"Test accuracy of {len(trials)} seeds; float32: {reached.mean:.2f} % ({interval})",
        title_justify="left",
    )
    for heading in (
        "bits of a weight",
        "rounded at the end",
        "rounded in each step",
        "effect, points",
        "95 % interval",
    ):
        result.add_column(heading, justify="right")
    for bits in BITS:
        rounded, trained = ([each[f"{bits} {way}"] for each in trials] for way in ("rounded", "trained"))
        effect = paired_effect(trained, rounded)
        means = (f"{np.mean(values):.2f} %" for values in (rounded, trained))
        result.add_row(str(bits), *means, f"{effect.mean:+.2f}", f"{effect.low:+.2f} to {effect.high:+.2f}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="trainings of each way (default: 10)")
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("an interval needs at least 2 seeds")
    try:
        dataset = Parts.at(obtain())
    except DataError as error:
        sys.exit(f"error: {error}")
    worker = Worker(WorkerSpec(VARIANT))
    try:
        seeds = track(range(options.seeds), "training")
        trials = [trial(worker, dataset, Settings.network, seed) for seed in seeds]
    finally:
        worker.close()
    Console(width=120).print(table(trials))


if __name__ == "__main__":
    main()
