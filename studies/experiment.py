"""A teacher that is trained once, and any number of students that are trained on its logits."""

import argparse
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
from rich.progress import track

import impls
from harness.data.lazy import Parts
from harness.equality.training import train
from harness.numbers import whole_number
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls import distillation
from impls.command_line import errors_in_one_line
from impls.contract import DEFAULT_NETWORKS, Settings
from impls.distillation import STUDENT, TEACHER, Distillation, targets
from studies.shared import dataset

TEACHER_EPOCHS = 3


class Experiment:
    """The experiment of one variant, in a worker. The constructor trains the teacher.

    - `labels`: of the training images, uint8 (60000,). `logits`: the teacher's, float32 (60000, 10).
    - `accuracy`: the teacher's, on the test images.
    """

    def __init__(self, worker: Worker, variant: str, data: Parts):
        self.worker = worker
        self.variant = variant
        self.data = data
        worker.build(impls.load, variant, Settings(network=TEACHER))
        worker.run(train, *data.train, TEACHER_EPOCHS)
        self.labels = data.train.labels.array()
        self.logits: np.ndarray = worker.run("logits", data.train.images)
        self.accuracy: float = worker.run("evaluate", *data.test)[1]

    def train_student(self, settings: Settings, epochs: int, how: Distillation, rows: Any = ...) -> None:
        """Train a student in `worker` on the images of `rows`, such as bool (60000,); by default on all."""
        self.worker.build(distillation.load, self.variant, settings, how)
        images = self.data.train.images.array()[rows]
        self.worker.run(train, images, targets(self.labels, self.logits)[rows], epochs)


@errors_in_one_line()
def run(description: str, seeds: int, least: int, trial: Callable[..., Any], show: Callable[..., None]) -> None:
    """Read the options, train the teacher, and `show(experiment, network, trials)` for each network of students.

    A trial is `trial(experiment, settings, epochs)`, one for each seed; `seeds` is the default of their number, and
    `least` the smallest. An error ends the program with one line.
    """
    parser = argparse.ArgumentParser(description=description)
    add = parser.add_argument
    add("--framework", choices=impls.variants(), default="numpy", help="default: numpy")
    networks = (STUDENT, *DEFAULT_NETWORKS)
    add("--network", choices=networks, nargs="+", default=[STUDENT], help="of students; default: student")
    add("--epochs", type=whole_number(1), default=10, help="of a student (default: 10)")
    add("--seeds", type=whole_number(least), default=seeds, help="of students (default: %(default)s)")
    options = parser.parse_args()
    data = dataset()
    with closing(Worker(WorkerSpec(options.framework))) as worker:
        experiment = Experiment(worker, options.framework, data)
        for network in options.network:
            every = [Settings(network=network, seed=seed) for seed in range(options.seeds)]
            trials = [trial(experiment, settings, options.epochs) for settings in track(every, network)]
            show(experiment, network, trials)
