"""By how much does each mistake of the exercises change the loss? `python -m studies.exercise_losses`.

PyTorch trains with each mistake and without it, for an epoch of 469 steps, from equal parameters and with one seed. The
site draws the curves of the file that this writes. NAMES on the command line replace the curves of these exercises.
"""

import argparse
import json
import math
import os
from contextlib import closing
from dataclasses import replace
from functools import cache
from threading import Timer
from unittest.mock import patch

import numpy as np
from rich.progress import track

import impls
from harness.data import atomic
from harness.data.lazy import Parts
from harness.equality.limits import has_convolutions
from harness.equality.parameters import random_parameters
from harness.equality.trace import trace
from harness.parallel.parallel_tasks import losses_of_fit, recorded_losses
from harness.parallel.team import Team
from impls import distillation, quantization
from impls.adapter import Adapter
from impls.contract import NETWORKS, Settings
from impls.distillation import STUDENT, Distillation
from impls.numpy.quantization import calibrate
from impls.quantization import CALIBRATED_ON
from studies.shared import dataset
from tests.exercises import exercises
from tools.losses import LOSSES, STEPS_OF_A_POINT, fingerprint

VARIANT = "pytorch"  # that of the exercises
STEPS = 469  # of an epoch
PROCESSES = 2
SETTINGS = Settings(seed=1, epsilon=1e-7, threads=1)  # a seed and an epsilon that some mistakes ignore
SMALL_BATCH = 16  # images, of the CNN and of quantization, whose steps take longer


def settings_of(network: str, small: bool = False) -> Settings:
    """Return the settings of a training."""
    small = small or has_convolutions(NETWORKS[network])
    return replace(SETTINGS, network=network, batch_size=SMALL_BATCH if small else SETTINGS.batch_size)


@cache
def trained(network: str, data: Parts) -> Adapter:
    """Return the network after 469 steps without a mistake."""
    settings = settings_of(network)
    adapter = impls.load(VARIANT, settings)
    adapter.fit(*(each.array() for each in data.train.first(STEPS * settings.batch_size)), 1)
    return adapter


def of_mnist(variant: str, network: str, data: Parts) -> list[float]:
    """Train a network of the tutorial on the images that its `load_mnist` returns."""
    settings = settings_of(network)
    initial = impls.load(VARIANT, settings).get_parameters()
    adapter = impls.load(variant, settings)  # draws the order of the images, too
    if adapter.parameter_count() == adapter.network.parameter_count:  # otherwise a bias is missing
        adapter.set_parameters(initial)
    images, labels = (array[: STEPS * settings.batch_size] for array in adapter.load_dataset(data.directory)[0])
    with recorded_losses(adapter.tutorial.train_epoch.__globals__) as losses:
        adapter.fit(images, labels, 1)
    return losses


def of_quantization(variant: str, network: str, data: Parts) -> list[float]:
    """Continue a training of one epoch with rounding in each step."""
    parameters = trained(network, data).get_parameters()
    scales = calibrate(network, parameters, data.train.images.first(CALIBRATED_ON).array())
    adapter = quantization.load(variant, settings_of(network, small=True), scales)
    return trace(adapter, *(each.array() for each in data.train), parameters, STEPS).losses


def of_distillation(variant: str, network: str, data: Parts) -> list[float]:
    """Train a student, whose teacher is this network after one epoch."""
    images, labels = (each.array() for each in data.train)
    student = distillation.load(variant, replace(SETTINGS, network=STUDENT), Distillation())
    targets = distillation.targets(labels, trained(network, data).logits(images))
    return trace(student, images, targets, random_parameters(student.network.shapes, seed=1), STEPS).losses


def of_parallel(variant: str, network: str, data: Parts) -> list[float]:
    """Train in two processes. Return the losses that the first one returns."""
    with closing(Team(variant, PROCESSES)) as team:
        team.build(settings_of(network))
        return team.run(losses_of_fit, *data.train)[0]


TRAININGS = {
    "mnist": of_mnist,
    "quantization": of_quantization,
    "distillation": of_distillation,
    "parallel": of_parallel,
}


def points(losses: list[float]) -> list[float | None]:
    """Return the mean of each `STEPS_OF_A_POINT` losses, four digits; None where it is not finite."""
    parts = np.split(np.array(losses), range(STEPS_OF_A_POINT, len(losses), STEPS_OF_A_POINT))
    return [float(f"{part.mean():.4g}") if math.isfinite(part.sum()) else None for part in parts if len(part)]


def main() -> None:
    """Train with each mistake and without it, and write the file."""
    os.environ["MNIST_VARIANTS"] = "tests.mistakes"
    names = [mistake.name for mistake in exercises()]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of mistakes; without one, all are measured anew")
    chosen = parser.parse_args().names
    if unknown := sorted({*chosen} - {*names}):
        parser.error(f"there is no mistake {', '.join(unknown)} in tests/mistakes/{VARIANT}")
    data, wanted = dataset(), chosen or names
    found = json.loads(LOSSES.read_text(encoding="utf-8")) if chosen else {}
    right = cache(lambda file, network: TRAININGS[file](VARIANT, network, data))
    for mistake in track([mistake for mistake in exercises() if mistake.name in wanted]):
        without = right(mistake.file, mistake.network)
        with patch.object(Timer, "start"):  # a mistake delays its steps: 469 of them at the same time end the process
            losses = TRAININGS[mistake.file](f"{VARIANT}-{mistake.name}", mistake.network, data)
        curve = {"code": fingerprint(mistake), "steps": len(losses)}
        found[mistake.name] = curve | ({"same": True} if losses == without else {"losses": points(losses)})
        found[f"{mistake.file} {mistake.network}"] = {"steps": len(without), "losses": points(without)}
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(curve)}" for name, curve in sorted(found.items()))
        atomic.write(LOSSES, f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
