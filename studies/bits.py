"""Compare quantization-aware training with rounding after training, for weights of 8 to 2 bits: `make bits`.

Both networks see the same number of images. One continues in float32 and is rounded at the end, the other rounds in
each step.
"""

import argparse
from collections.abc import Iterator
from contextlib import closing

import numpy as np
from rich.progress import track

import impls
from harness.data.lazy import Parts
from harness.equality.training import train
from harness.judging.intervals import mean_interval, paired_effect
from harness.numbers import whole_number
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls import quantization
from impls.contract import Settings
from impls.numpy.quantization import calibrate
from impls.quantization import CALIBRATED_ON, Scales
from studies.shared import dataset, limits, print_table

VARIANT = "numpy"  # the tests show that all variants compute the same
BITS = (8, 4, 3, 2)
BEFORE, AFTER = 3, 2  # epochs in float32, and epochs of each of the two ways
HEADINGS = ("bits of a weight", "rounded at the end", "rounded in each step", "effect, points", "95 % interval")

Accuracies = dict[str, float]  # in percent


def trial(worker: Worker, data: Parts, seed: int) -> Accuracies:
    """Return the test accuracies of one seed: of "float32", "BITS rounded" and "BITS trained"."""
    settings = Settings(seed=seed)
    images = data.train.images.first(CALIBRATED_ON).array()

    def trained_on(parameters: dict[str, np.ndarray], epochs: int, *scales: Scales) -> dict[str, np.ndarray]:
        worker.build(quantization.load if scales else impls.load, VARIANT, settings, *scales)
        if parameters:
            worker.run("set_parameters", parameters)
        if epochs:
            worker.run(train, *data.train, epochs)
        return worker.run("get_parameters")

    def accuracy() -> float:
        return 100 * worker.run("evaluate", *data.test)[1]

    begun = trained_on({}, BEFORE)
    finished = trained_on(begun, AFTER)
    accuracies = {"float32": accuracy()}
    for bits in BITS:
        largest = 2 ** (bits - 1) - 1
        trained_on(finished, 0, calibrate(settings.network, finished, images, largest))
        accuracies[f"{bits} rounded"] = accuracy()
        trained_on(begun, AFTER, calibrate(settings.network, begun, images, largest))
        accuracies[f"{bits} trained"] = accuracy()
    return accuracies


def rows(trials: list[Accuracies]) -> Iterator[tuple[str, ...]]:
    """Yield for each number of bits the accuracy of both ways, and the paired effect of the second."""
    for bits in BITS:
        rounded, trained = ([each[f"{bits} {way}"] for each in trials] for way in ("rounded", "trained"))
        effect = paired_effect(trained, rounded)
        means = (f"{np.mean(values):.2f} %" for values in (rounded, trained))
        yield str(bits), *means, f"{effect.mean:+.2f}", limits(effect)


def main() -> None:
    """Train with each seed, and print the accuracies of both ways for each number of bits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=whole_number(2), default=10, help="trainings of each way (default: 10)")
    seeds = parser.parse_args().seeds
    data = dataset()
    with closing(Worker(WorkerSpec(VARIANT))) as worker:
        trials = [trial(worker, data, seed) for seed in track(range(seeds), "training")]
    reached = mean_interval([each["float32"] for each in trials])
    title = f"Test accuracy of {seeds} seeds; float32: {reached.mean:.2f} % ({limits(reached, '{:.2f}')})"
    print_table(title, HEADINGS, rows(trials))


if __name__ == "__main__":
    main()
