"""The exported files of a session. Each network is trained, exported and kept at its first use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness.data.lazy import Parts, Split
from harness.edge import export_tasks
from harness.equality.limits import has_convolutions
from harness.equality.training import train
from harness.measuring.campaign import Target
from harness.measuring.workload import Operation
from harness.workers.fleet import Fleet, Framework
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls import quantization
from impls.contract import NETWORKS, Network
from impls.edge import EXPORTERS, RUN_IN, SUFFIXES, Trained
from impls.edge.official import OFFICIAL
from impls.numpy.quantization import calibrate, integer_logits
from impls.quantization import CALIBRATED_ON, integers

DOCS_TRAIN_IMAGES = 12_800  # training images for a framework's documented way, as in tutorials: a part of an epoch
SINGLE_IMAGE = Operation("predict_step", 1, rounds=200)


class Ready(NamedTuple):
    """A network that a variant has trained, and its logits of the test images, by kind of file ("float", "int8").

    `right`: the logits of the int8 network by the reference in integers. All logits are float32 (n, 10).
    """

    trained: dict[str, Trained]
    logits: dict[str, np.ndarray]
    right: np.ndarray


@dataclass
class ExportCache:
    """A cache of trained networks and of their exported files, which are in `folder`.

    - `interpreter(environment)`: returns the Python of an environment of `impls.edge`.
    - `epochs`: epochs of each training; None is the number in `plan`.
    - `spec`: options of the workers that export and run files.
    """

    folder: Path
    dataset: Parts
    interpreter: Callable[[str], str]
    epochs: int | None = None
    spec: WorkerSpec = field(default_factory=lambda: WorkerSpec(""))
    ready: dict[str, Ready] = field(default_factory=dict, init=False)
    evaluated: dict[Path, np.ndarray] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.spec, lambda *_: None)

    def trained(self, framework: Framework) -> Ready:
        """Return the network of this variant after training in float32, and after quantization-aware training."""
        name, network = f"{framework.name}-{framework.settings.network}", framework.settings.network
        if name not in self.ready:
            test = self.dataset.test.images
            train_set, before, after = plan(self.dataset.train, framework.network, self.epochs)
            framework.run(train, *train_set, before)
            parameters, logits = framework.get_parameters(), framework.logits(test)
            scales = calibrate(network, parameters, train_set.images.first(CALIBRATED_ON).array())
            quantized = framework.rebuild(quantization.load, scales)
            quantized.set_parameters(parameters)
            quantized.run(train, *train_set, after)
            kinds = {"float": parameters, "int8": quantized.get_parameters()}
            trained = {kind: Trained(network, each, scales) for kind, each in kinds.items()}
            right = reference_logits(trained["int8"], test.array())
            self.ready[name] = Ready(trained, {"float": logits, "int8": quantized.logits(test)}, right)
        return self.ready[name]

    def file(self, framework: Framework, runtime: str, kind: str) -> Path:
        """Return the path of the exported network. Export it if there is no such file yet."""
        path = self.folder / f"{framework.name}-{framework.settings.network}-{kind}.{SUFFIXES[runtime]}"
        if kind == "official":
            self.official(framework, path)
        elif not path.exists():
            exporter, trained = EXPORTERS[framework.name][runtime], self.trained(framework).trained[kind]
            worker = self.exporting_worker(framework, exporter.environment)
            call = export_tasks.export, framework.name, "edge", exporter.function, trained
            if exporter.function == "to_stablehlo":
                self.worker("converter").run(export_tasks.convert, worker.run(*call, kind), str(path))
            else:
                worker.run(*call, str(path), kind)
        return path

    def official(self, framework: Framework, path: Path) -> np.ndarray:
        """Export the network by the framework's documented way.

        Return the logits of the test images, float32 (n, 10), that the framework evaluated before it wrote `path`.
        """
        if path not in self.evaluated:
            way, trained = OFFICIAL[framework.name], self.trained(framework).trained["float"]
            call = export_tasks.export, framework.name, "edge_official", "as_documented", trained, str(path)
            data = (*self.dataset.train.first(DOCS_TRAIN_IMAGES), self.dataset.test.images)
            self.evaluated[path] = self.exporting_worker(framework, way.environment).run(*call, *data)
        return self.evaluated[path]

    def target(self, framework: Framework, runtime: str, kind: str) -> Target:
        """Return the file as a target of a campaign that times single predictions."""
        path, network = self.file(framework, runtime, kind), framework.settings.network
        build, operation = (loader(kind), runtime, str(path)), SINGLE_IMAGE.scaled_to(NETWORKS[network])
        python = self.interpreter(RUN_IN[runtime])
        return Target(path.name, runtime, network, build, (operation,), has_first_step=False, python=python)

    def device(self, runtime: str) -> Worker:
        """Return the worker that runs files for this runtime; `export_tasks.loaded` loads one."""
        return self.worker(RUN_IN[runtime])

    def exporting_worker(self, framework: Framework, environment: str) -> Framework | Worker:
        """Return the worker that exports: one of `environment`, or that of the training if it is empty."""
        return self.worker(environment, framework.name) if environment else framework

    def worker(self, environment: str, variant: str = "") -> Worker:
        """Return a process in an environment of `impls.edge`; one that imports a framework is of one variant."""
        name = " for ".join(filter(None, [environment, variant]))
        return self.fleet.worker(name, python=self.interpreter(environment), threads=None if variant else 1)

    def close(self) -> None:
        """End all workers."""
        self.fleet.close()


def plan(images: Split, network: Network, epochs: int | None) -> tuple[Split, int, int]:
    """Return the training images, the epochs in float32, and the epochs of quantization-aware training.

    A network with convolutions gets a sixth of an epoch, as its epochs are long.
    """
    if epochs:
        return images, epochs, epochs
    return (images.first(10_000), 1, 1) if has_convolutions(network) else (images, 3, 2)


def loader(kind: str) -> Callable:
    """Return the task that loads a file of this kind; the runtime runs an official file with its default options."""
    return export_tasks.as_it_comes if kind == "official" else export_tasks.loaded


def reference_logits(trained: Trained, images: np.ndarray) -> np.ndarray:
    """Return the logits of the integers of `trained`, by the reference in integers: float32 (n, 10)."""
    scales = trained.scales
    return integer_logits(integers(trained.parameters, scales), scales, images) * np.float32(scales.logits)
