"""What can be asked of a framework: every method of its implementation, and whole tasks that stay where the data is."""

import hashlib
import inspect
import itertools
import math
import os
import platform
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

import impls
from harness import equality, floor, installed, timing, usage, variables
from harness.excerpt import excerpt
from harness.imported import imported
from harness.notebook import Notebook
from harness.wire import resolve
from harness.workload import Operation, Workload
from impls.contract import Implementation, Settings
from impls.numpy import Classifier as Referee

WARNINGS = 20  # different ones that a process may give

CHANGES_STATE = {
    "fit",
    "train",
    "set_parameters",
    "train_on",
    "first_step",
    "rehearse",
    "lockstep",
    "follow",
    "build_notebook",
    "prepare",
    "block",
    "trace",
    "epochs",
}


class Session:
    """One implementation in this process. Lives in a worker, or in pytest itself under `--in-process`.

    `notify(event, **details)` is called for what happens on the way: "training" (epochs), "epoch" (epoch, loss,
    seconds), "trained" (), "warning" (message). `kept` is what this process inherited of `variables`.
    """

    cpu_seconds = staticmethod(usage.cpu_seconds)
    memory = staticmethod(usage.memory)
    peak_memory = staticmethod(usage.peak_memory)

    def __init__(self, notify: Callable[..., None], kept: Mapping[str, str] = MappingProxyType({})):
        self.notify = notify
        self.kept = kept
        self.built_from: tuple[str, Settings] | None = None
        self.implementation: Implementation | None = None
        self.warned: set[str] = set()

    def call(self, name: str, *arguments: Any) -> Any:
        """Call the method `name` of this session or, if it has none, of the implementation; look up references."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_: self._warn(excerpt(str(message)))
            if name in CHANGES_STATE:
                self.built_from = None
            method = getattr(self if hasattr(self, name) else self.implementation, name)
            return method(*map(resolve, arguments))

    def _warn(self, message: str) -> None:
        """Each warning once, and not more than `WARNINGS`."""
        message = message if len(self.warned) < WARNINGS else "more warnings than these: they are not shown"
        if message not in self.warned:
            self.warned.add(message)
            self.notify("warning", message=message)

    def build(self, variant: str, settings: dict[str, Any]) -> float:
        """Build the network anew, unless it was built from the same and nothing has changed it; seconds."""
        started = time.perf_counter()
        wanted = (variant, Settings(**settings))
        if wanted != self.built_from:
            self.implementation = floor.Machine(wanted[1]) if variant == floor.NAME else impls.load(*wanted)
            self.built_from = wanted
        return time.perf_counter() - started

    def build_notebook(self, variant: str, settings: dict[str, Any], directory: str) -> None:
        """Get the notebook way of the variant ready, to be measured beside it."""
        self.implementation = Notebook(variant, Settings(**settings), directory)

    def train(self, images, labels, epochs: int) -> dict[str, list[float]]:
        """`Implementation.fit` with events on the way; the history gains "seconds", one float for each epoch.

        Raises `FloatingPointError` if a loss is not finite.
        """
        seconds = []
        started = time.perf_counter()

        def on_epoch(epoch: int, loss: float) -> None:
            seconds.append(time.perf_counter() - started - sum(seconds))
            self.notify("epoch", epoch=epoch, loss=float(loss), seconds=seconds[-1])
            if not math.isfinite(loss):
                raise FloatingPointError(f"the loss is {loss} after epoch {epoch}: the training has diverged")

        self.notify("training", epochs=epochs)
        try:
            history = self.implementation.fit(images, labels, epochs, on_epoch)
        finally:
            self.notify("trained")
        return {**history, "seconds": seconds}

    def train_on(self, images, labels) -> float:
        """One training step on this batch; the loss before the step, in nats."""
        loss = self.implementation.train_step(self.implementation.prepare_batch(images, labels))
        self.implementation.synchronize()
        return float(loss)

    def scribble(self) -> None:
        """Overwrite what `get_parameters` returned, which must be a copy."""
        for array in self.implementation.get_parameters().values():
            array[:] = 7.0

    def float64_gap(self) -> str | None:
        """What is computed in float32 although the dtype is float64, if the implementation says so."""
        return self.implementation.float64_gap() if hasattr(self.implementation, "float64_gap") else None

    def lockstep(self, images, labels, parameters: dict, steps: int) -> dict[str, list]:
        """`equality.lockstep` beside a referee of the same settings in float64, both from `parameters`."""
        referee = Referee(replace(self.implementation.settings, dtype="float64", device="cpu"))
        referee.set_parameters(parameters)
        return equality.lockstep(self.implementation, referee, images, labels, steps)

    def follow(self, images, labels, epochs: int, seed: int, shuffle: bool, drop_last: bool) -> None:
        """Train in an order of our own: by `seed`, or as the images come; with the last partial batch or without."""
        random = np.random.default_rng(seed)
        size = self.implementation.settings.batch_size
        end = len(images) - len(images) % size if drop_last else len(images)
        for _ in range(epochs):
            order = random.permutation(len(images)) if shuffle else np.arange(len(images))
            for first in range(0, end, size):
                rows = order[first : first + size]
                self.implementation.train_step(self.implementation.prepare_batch(images[rows], labels[rows]))

    def installed(self) -> dict[str, str]:
        """Version of each package that is installed here, and of Python."""
        return {"python": platform.python_version(), **installed.versions()}

    def imported(self, variant: str, named: list[str]) -> dict[str, dict[str, Any]]:
        """`imported.imported`, of what the variant needs and of the distributions `named`."""
        return imported({*impls.variants()[variant].packages, "numpy"}, named)

    def trace(self, images, labels, parameters: dict, steps: int) -> tuple[list[float], dict]:
        """Train from `parameters` on the first `steps` batches, in order: the loss of each, and the parameters."""
        self.implementation.set_parameters(parameters)
        size = self.implementation.settings.batch_size
        losses = []
        for start in range(0, steps * size, size):
            rows = slice(start, start + size)
            batch = self.implementation.prepare_batch(images[rows], labels[rows])
            losses.append(float(self.implementation.train_step(batch)))
        return losses, self.implementation.get_parameters()

    def import_(self, variant: str) -> float:
        """Import what the variant needs; seconds. NumPy is there already."""
        started = time.perf_counter()
        if variant != floor.NAME:
            impls.import_(variant)
        return time.perf_counter() - started

    def first_step(self, images, labels) -> float:
        """Seconds of the first training step of what was just built: with tracing and compiling."""
        step = Workload(self.implementation, Operation("train_step", len(images), rounds=1), images, labels)
        return timing.once(step.call, self.implementation.synchronize)

    def epochs(self, images, labels, epochs: int) -> list[tuple[float, int | None]]:
        """Of each epoch of one `fit`: the CPU seconds that it took, and the bytes of RAM that are held after it."""
        marks = [(usage.cpu_seconds(), None)]
        self.implementation.fit(images, labels, epochs, lambda *_: marks.append((usage.cpu_seconds(), usage.memory())))
        return [(after - before, held) for (before, _), (after, held) in itertools.pairwise(marks)]

    def rehearse(self, operation: tuple, images, labels) -> float | None:
        """Do this `Operation` once, untimed, and read its result as the campaign does: `Workload.rehearse`."""
        return Workload(self.implementation, Operation(*operation), images, labels).rehearse()

    def prepare(self, operation: tuple, images, labels) -> None:
        """Get ready to measure this `Operation`, with its compiling done. Raises as `Workload.warm_up` does."""
        self.workload = Workload(self.implementation, Operation(*operation), images, labels)
        self.workload.warm_up()

    def block(self) -> list[float]:
        """Seconds of each round of a block of the prepared operation."""
        return self.workload.block()

    def conditions(self) -> dict[str, Any]:
        """What the figures of this process depend on."""
        affinity = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        settings = self.implementation.settings
        return {
            **self.implementation.versions(),
            "threads": settings.threads or "all",
            "affinity": affinity,
            "kept_variables": variables.described(self.kept),
            "device": settings.device,
            "jit_compile": self.implementation.jit_compile,
            "python": platform.python_version(),
            "implementation_sha256": _hash_of_source(self.implementation),
        }


def _hash_of_source(implementation: Any) -> str:
    module = getattr(implementation, "module", None) or inspect.getmodule(type(implementation))
    return hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest()[:12]
