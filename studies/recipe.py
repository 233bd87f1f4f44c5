"""Causes of the different accuracies of native trainings: PyTorch's recipe with one factor changed to that of Keras.

`make study` runs it. One variant is enough: the equivalence tests show that all compute the same from the same recipe.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from queue import SimpleQueue
from typing import Any

import numpy as np
from rich.progress import track

import impls
from harness.data.lazy import Parts
from harness.equality.training import follow
from harness.judging.intervals import paired_effect
from harness.numbers import whole_number
from harness.workers import processors
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls.command_line import errors_in_one_line
from impls.contract import NETWORKS, Settings
from studies.alternatives import drawn, glorot_uniform, torch_uniform
from studies.shared import dataset, limits, print_table

VARIANT = "pytorch"
INITIALISERS = {"pytorch": (torch_uniform, torch_uniform), "keras": (glorot_uniform,)}  # kernels, biases
SHAPES = NETWORKS[Settings.network].shapes
FLOAT32_BETAS = {"beta_1": float(np.float32(0.9)), "beta_2": float(np.float32(0.999))}
FACTORS: dict[str, dict[str, Any]] = {  # what changes from PyTorch's recipe; settings, or arguments of `follow`
    "initialiser: Glorot uniform, biases 0": {"initialiser": "keras"},
    "epsilon: 1e-7 before the correction": {"epsilon": 1e-7},
    "betas: rounded to float32": FLOAT32_BETAS,
    "all three: Keras' recipe": {"initialiser": "keras", "epsilon": 1e-7, **FLOAT32_BETAS},
    "batch size: 32": {"batch_size": 32},
    "batch size: 64": {"batch_size": 64},
    "batch size: 256": {"batch_size": 256},
    "shuffling: none": {"shuffle": False},
    "last partial batch: dropped": {"drop_last": True},
}
HEADINGS = ("changed factor", "effect, points", "95 % interval", "beyond chance")


def accuracy(worker: Worker, data: Parts, factor: dict[str, Any], seed: int, epochs: int) -> float:
    """Return the test accuracy, in percent, of one training by PyTorch's recipe with `factor` changed."""
    changes = dict(factor)
    order = {"shuffle": changes.pop("shuffle", True), "drop_last": changes.pop("drop_last", False)}
    parameters = drawn(SHAPES, *INITIALISERS[changes.pop("initialiser", "pytorch")], seed=seed)
    worker.build(impls.load, VARIANT, Settings(threads=1, **changes))
    worker.run("set_parameters", parameters)
    worker.run(follow, *data.train, epochs, seed, order["shuffle"], order["drop_last"])
    return 100 * worker.run("evaluate", *data.test)[1]


def run(seeds: int, epochs: int) -> Iterator[tuple[str, float]]:
    """Yield (factor, accuracy in percent) of every training, seed by seed; "baseline" is the unchanged recipe."""
    data, idle = dataset(), SimpleQueue()

    def train(job: tuple[str, int]) -> tuple[str, float]:
        name, seed = job
        worker = idle.get()
        try:
            return name, accuracy(worker, data, FACTORS.get(name, {}), seed, epochs)
        finally:
            idle.put(worker)

    jobs = [(name, seed) for seed in range(seeds) for name in ("baseline", *FACTORS)]
    with ThreadPoolExecutor(processors.count()) as pool, ExitStack() as workers:
        for _ in range(processors.count()):
            idle.put(workers.enter_context(closing(Worker(WorkerSpec(VARIANT)))))
        yield from pool.map(train, jobs)


def effects(accuracies: dict[str, list[float]]) -> Iterator[tuple[str, ...]]:
    """Yield for each factor its paired effect on the test accuracy, in points, with a 95 % interval."""
    for name in FACTORS:
        effect = paired_effect(accuracies[name], accuracies["baseline"])
        beyond = "no" if effect.low <= 0 <= effect.high else "yes"
        yield name, f"{effect.mean:+.3f}", limits(effect, "{:+.3f}"), beyond


def main() -> None:
    """Train with each factor and seed, and print the effects on the test accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=whole_number(2), default=10, help="trainings of each factor (default: 10)")
    parser.add_argument("--epochs", type=whole_number(1), default=10, help="of each training (default: 10)")
    options = parser.parse_args()
    accuracies: dict[str, list[float]] = defaultdict(list)
    trainings = run(options.seeds, options.epochs)
    for name, reached in track(trainings, "training", total=options.seeds * (1 + len(FACTORS))):
        accuracies[name].append(reached)
    mean, deviation = np.mean(accuracies["baseline"]), np.std(accuracies["baseline"], ddof=1)
    title = f"Effect on test accuracy after {options.epochs} epochs, {options.seeds} paired seeds; "
    title += f"PyTorch's recipe: {mean:.2f} % (standard deviation {deviation:.2f})"
    print_table(title, HEADINGS, effects(accuracies))


if __name__ == "__main__":
    with errors_in_one_line():
        main()
