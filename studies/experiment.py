"""A teacher that is trained once, and any number of students that are trained on its logits."""

import argparse
import contextlib
import sys
from collections.abc import Iterator

import numpy as np

import impls
from harness.data.obtain import DataError, obtain
from harness.data.reference import Parts
from harness.equality.training import train
from harness.workers.worker import Worker, WorkerSpec
from impls import distillation
from impls.checks import check_epochs
from impls.contract import COMPARED, Settings
from impls.distillation import STUDENT, TEACHER, Distillation, targets


class Experiment:
    """The experiment of one variant, in a worker. The constructor trains the teacher.

    - `labels`: of the training images, uint8 (60000,). `logits`: the teacher's, float32 (60000, 10).
    - `accuracy`: the teacher's, on the test images.
    """

    def __init__(self, worker: Worker, variant: str, dataset: Parts, teacher_epochs: int):
        self.worker = worker
        self.variant = variant
        self.dataset = dataset
        worker.build(impls.load, variant, Settings(network=TEACHER))
        worker.run(train, *dataset.train, teacher_epochs)
        self.labels = dataset.train.labels.array()
        self.logits: np.ndarray = worker.run("logits", dataset.train.images)
        self.accuracy: float = worker.run("evaluate", *dataset.test)[1]

    def train_student(self, settings: Settings, how: Distillation, epochs: int, used: np.ndarray | None = None) -> None:
        """Train a student in `worker` on the images of `used`, bool (60000,); on all if it is None."""
        self.worker.build(distillation.load, self.variant, settings, how)
        rows = slice(None) if used is None else used
        images = self.dataset.train.images.array()[rows]
        self.worker.run(train, images, targets(self.labels, self.logits)[rows], epochs)


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of the options of every experiment."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--framework", choices=impls.variants(), default="numpy", help="default: numpy")
    networks = (STUDENT, *COMPARED)
    parser.add_argument(
        "--network", choices=networks, nargs="+", default=[STUDENT], help="of students; default: student"
    )
    parser.add_argument("--threads", type=int, help="CPU threads (default: all; a student's steps are small)")
    parser.add_argument("--teacher-epochs", type=int, default=3, help="default: 3")
    parser.add_argument("--epochs", type=int, default=10, help="of a student (default: 10)")
    parser.add_argument("--temperature", type=float, default=Distillation.temperature, help="default: 4")
    parser.add_argument("--weight", type=float, default=Distillation.weight, help="of the teacher (default: 0.9)")
    return parser


@contextlib.contextmanager
def opened(options: argparse.Namespace) -> Iterator[tuple[Experiment, Distillation]]:
    """Give the experiment, its teacher trained, and the distillation. End the program with one line for an error."""
    try:
        how = Distillation(options.temperature, options.weight)
        for epochs in (options.teacher_epochs, options.epochs):
            check_epochs(epochs)
        dataset = Parts.at(obtain())
        worker = Worker(WorkerSpec(options.framework, threads=options.threads))
        try:
            yield Experiment(worker, options.framework, dataset, options.teacher_epochs), how
        finally:
            worker.close()
    except (DataError, impls.PackageNotInstalled, ValueError) as error:
        sys.exit(f"error: {error}")
