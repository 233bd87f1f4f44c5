"""The files of this session: each is trained for, exported and kept when it is first asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness.data.reference import Parts, Split
from harness.edge import tasks
from harness.equality.limits import has_convolutions
from harness.equality.training import train
from harness.measuring.campaign import Participant
from harness.measuring.workload import Operation
from harness.workers.fleet import Framework
from harness.workers.worker import Worker
from impls import quantization
from impls.contract import NETWORKS, Network
from impls.edge import ROADS, RUN_IN, Trained
from impls.edge.official import OFFICIAL
from impls.quantization import CALIBRATED_ON, integers
from impls.numpy.quantization import calibrate, logits_in_integers

DOCUMENTED = 12_800  # images, as a tutorial would: a part of an epoch
SINGLE = Operation("predict_step", 1, rounds=200)


class Ready(NamedTuple):
    """A network as a variant has trained it, by kind of file: what is exported, and the logits that it has here.

    `right` are those that its whole numbers have, computed in integers. All are of the test images, float32 (n, 10).
    """

    trained: dict[str, Trained]
    logits: dict[str, np.ndarray]
    right: np.ndarray


class Shelf:
    """`folder` is where the files lie; `interpreter(environment)` finds the Python of one of `impls.edge`.

    `epochs` of training; without it, as many as `plan` says.
    """

    def __init__(
        self,
        folder: Path,
        dataset: Parts,
        interpreter: Callable[[str], str],
        epochs: int | None = None,
    ):
        self.folder = folder
        self.dataset = dataset
        self.interpreter = interpreter
        self.epochs = epochs
        self.ready: dict[str, Ready] = {}
        self.evaluated: dict[Path, np.ndarray] = {}
        self.workers: dict[str, Worker] = {}

    def trained(self, framework: Framework) -> Ready:
        """The network of this variant, after training in float32, and after training on with whole numbers."""
        name, network = f"{framework.name}-{framework.settings.network}", framework.settings.network
        if name not in self.ready:
            test = self.dataset.test.images
            train_set, before, after = plan(self.dataset.train, framework.network, self.epochs)
            framework.run(train, *train_set, before)
            parameters, logits = framework.get_parameters(), framework.logits(test)
            scales = calibrate(network, parameters, train_set.images.first(CALIBRATED_ON).array())
            quantized = framework.made_by(quantization.load, scales)
            quantized.set_parameters(parameters)
            quantized.run(train, *train_set, after)
            kinds = {"float": parameters, "int8": quantized.get_parameters()}
            found = {kind: Trained(network, each, scales) for kind, each in kinds.items()}
            right = referee(found["int8"], test.array())
            self.ready[name] = Ready(found, {"float": logits, "int8": quantized.logits(test)}, right)
        return self.ready[name]

    def file(self, framework: Framework, runtime: str, kind: str) -> Path:
        """The network of this variant as a file, exported if need be."""
        path = self.folder / f"{framework.name}-{framework.settings.network}-{kind}.{SUFFIX[runtime]}"
        if kind == "official":
            self.official(framework, path)
        elif not path.exists():
            road, trained = ROADS[framework.name][runtime], self.trained(framework).trained[kind]
            home = self.home(framework, road.environment)
            if road.function == "to_stablehlo":
                text = home.do(tasks.stablehlo, framework.name, trained, kind)
                self.worker("converter").do(tasks.convert, text, str(path))
            else:
                home.do(tasks.export, framework.name, road.function, trained, str(path), kind)
        return path

    def official(self, framework: Framework, path: Path) -> np.ndarray:
        """Logits of the test images, float32 (n, 10), that the framework's own way evaluated before it wrote `path`."""
        if path not in self.evaluated:
            way, trained = OFFICIAL[framework.name], self.trained(framework).trained["float"]
            data = (*self.dataset.train.first(DOCUMENTED), self.dataset.test.images)
            home = self.home(framework, way.environment)
            self.evaluated[path] = home.do(tasks.as_documented, framework.name, trained, str(path), *data)
        return self.evaluated[path]

    def participant(self, framework: Framework, runtime: str, kind: str) -> Participant:
        """The file, for a campaign that times single predictions."""
        path, network = self.file(framework, runtime, kind), framework.settings.network
        build, operation = (loader(kind), runtime, str(path)), SINGLE.scaled_to(NETWORKS[network])
        python = self.interpreter(RUN_IN[runtime])
        return Participant(path.name, runtime, network, build, (operation,), has_first_step=False, python=python)

    def device(self, runtime: str) -> Worker:
        """Where files for this runtime are run; `tasks.loaded` loads one."""
        return self.worker(RUN_IN[runtime])

    def home(self, framework: Framework, environment: str) -> Framework | Worker:
        """Where it is exported: in an environment, or where it was trained, if there is none."""
        return self.worker(environment, framework.name) if environment else framework

    def worker(self, environment: str, variant: str = "") -> Worker:
        """A process in an environment of `impls.edge`, for one variant if it is to import a framework."""
        name = " for ".join(filter(None, [environment, variant]))
        if name not in self.workers or not self.workers[name].is_running():
            self.workers[name] = Worker(name, python=self.interpreter(environment), threads=1 if not variant else None)
        return self.workers[name]

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


def plan(images: Split, network: Network, epochs: int | None) -> tuple[Split, int, int]:
    """On which images it is trained, for how many epochs, and for how many more when it is quantized.

    Convolutions take long: they have a sixth of an epoch, which is enough for numbers that are none of chance.
    """
    if epochs:
        return images, epochs, epochs
    return (images.first(10_000), 1, 1) if has_convolutions(network) else (images, 3, 2)


def loader(kind: str) -> Callable:
    """The task that loads a file of this kind where it is run: an official one as the runtime comes."""
    return tasks.as_it_comes if kind == "official" else tasks.loaded


SUFFIX = {"litert": "tflite", "onnx": "onnx", "executorch": "pte"}


def referee(trained: Trained, images: np.ndarray) -> np.ndarray:
    """The logits that the whole numbers of `trained` have, computed in integers: float32 (n, 10)."""
    scales = trained.scales
    return logits_in_integers(integers(trained.parameters, scales), scales, images) * np.float32(scales.logits)
