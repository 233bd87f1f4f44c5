"""Why do native trainings end at different accuracies? From PyTorch's recipe, one factor at a time towards Keras' own.

`make study` runs it. The ladder shows that all variants compute the same from the same recipe, so one is enough.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import impls
from harness.data.obtain import DataError, obtain
from harness.data.reference import Parts
from harness.equality.training import follow
from harness.judging.intervals import paired_effect
from harness.workers.worker import Worker, WorkerSpec
from impls.contract import NETWORKS, Settings

VARIANT = "pytorch"
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


def initial_parameters(initialiser: str, seed: int) -> dict[str, np.ndarray]:
    """float32 parameters as "pytorch" (nn.Linear) or "keras" (Dense) draws them, from our own generator.

    - pytorch: kernels and biases uniform in +-1 / sqrt(inputs)
    - keras: kernels uniform in +-sqrt(6 / (inputs + outputs)) (Glorot and Bengio, 2010), biases 0
    """
    random = np.random.default_rng(seed)
    parameters = {}
    for name, shape in SHAPES.items():
        inputs, outputs = SHAPES[name.replace("bias", "kernel")]
        bound = 1 / np.sqrt(inputs) if initialiser == "pytorch" else np.sqrt(6 / (inputs + outputs))
        drawn = random.uniform(-bound, bound, shape)  # drawn even if unused: the kernels stay paired
        unused = initialiser == "keras" and name.endswith("bias")
        parameters[name] = (np.zeros(shape) if unused else drawn).astype("float32")
    return parameters


def accuracy(worker: Worker, dataset: Parts, factor: dict[str, Any], seed: int, epochs: int) -> float:
    """Test accuracy, in percent, of one training by PyTorch's recipe with `factor` changed."""
    changes = dict(factor)
    order = {"shuffle": changes.pop("shuffle", True), "drop_last": changes.pop("drop_last", False)}
    parameters = initial_parameters(changes.pop("initialiser", "pytorch"), seed)
    worker.build(impls.load, VARIANT, Settings(threads=1, **changes))
    worker.run("set_parameters", parameters)
    worker.run(follow, *dataset.train, epochs, seed, order["shuffle"], order["drop_last"])
    return 100 * worker.run("evaluate", *dataset.test)[1]


def run(seeds: int, epochs: int) -> Iterator[tuple[str, int, float]]:
    """(factor, seed, accuracy in percent) of every training, in order; "baseline" is the unchanged recipe."""
    dataset = Parts.at(obtain())
    idle = SimpleQueue()
    workers = [Worker(WorkerSpec(VARIANT)) for _ in range(os.cpu_count())]
    for worker in workers:
        idle.put(worker)

    def train(job: tuple[str, int]) -> tuple[str, int, float]:
        name, seed = job
        worker = idle.get()
        try:
            return name, seed, accuracy(worker, dataset, FACTORS.get(name, {}), seed, epochs)
        finally:
            idle.put(worker)

    jobs = [(name, seed) for seed in range(seeds) for name in ("baseline", *FACTORS)]
    pool = ThreadPoolExecutor(len(workers))
    try:
        yield from pool.map(train, jobs)
    finally:
        for worker in workers:
            worker.close()
        pool.shutdown(cancel_futures=True)


def effects_table(accuracies: dict[str, list[float]], epochs: int) -> Table:
    """One row for each factor: its paired effect on the test accuracy, in points, with a 95 % interval."""
    baseline = accuracies["baseline"]
    table = Table(
        title=f"Effect on test accuracy after {epochs} epochs, {len(baseline)} paired seeds; "
        f"PyTorch's recipe: {np.mean(baseline):.2f} % (standard deviation {np.std(baseline, ddof=1):.2f})",
        title_justify="left",
    )
    for heading in ("changed factor", "effect, points", "95 % interval", "beyond chance"):
        table.add_column(heading)
    for name in FACTORS:
        effect = paired_effect(accuracies[name], baseline)
        interval = f"{effect.low:+.3f} to {effect.high:+.3f}"
        beyond = "no" if effect.low <= 0 <= effect.high else "yes"
        table.add_row(name, f"{effect.mean:+.3f}", interval, beyond)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="paired trainings of each factor (default: 10)")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the training images (default: 10)")
    options = parser.parse_args()
    if options.seeds < 2 or options.epochs < 1:
        parser.error("an interval needs at least 2 seeds, and a training at least 1 epoch")
    accuracies: dict[str, list[float]] = {}
    total = options.seeds * (1 + len(FACTORS))
    try:
        for name, _, value in track(run(options.seeds, options.epochs), "training", total=total):
            accuracies.setdefault(name, []).append(value)
    except DataError as error:
        sys.exit(f"error: {error}")
    Console(width=110).print(effects_table(accuracies, options.epochs))


if __name__ == "__main__":
    main()
