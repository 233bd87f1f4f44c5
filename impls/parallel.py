"""Data-parallel training: several processes hold the same network, and each computes its part of every batch.

Who outgrows one process takes the engine of the framework: each file here shows it, and only what it changes. The mean
of the gradients of all parts is the gradient of the batch, as the parts are equally large. So all processes take the
same step, and it is the step that one process would take with the whole batch.

NumPy has no engine. It stays what it is, one process, and the referee.
"""

from typing import NamedTuple

import numpy as np

import impls
from impls.checks import check_epochs, check_images
from impls.contract import Settings

MOST_PROCESSES = 64  # of one machine, that may be asked for


class Place(NamedTuple):
    """Which of the processes this one is, `rank`, counted from 0, and where each can be reached: "HOST:PORT"."""

    rank: int
    addresses: tuple[str, ...]

    @property
    def processes(self) -> int:
        return len(self.addresses)

    def part(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of each array (n, ...) this process's rows, (n / processes, ...): the first are those of rank 0.

        Raises `ValueError` if the processes do not divide n: the mean of unequal parts is not the mean of the batch.
        """
        rows = len(arrays[0])
        if rows % self.processes:
            raise ValueError(f"a batch of {rows} images cannot be divided by {self.processes} processes")
        size = rows // self.processes
        return tuple(array[self.rank * size :][:size] for array in arrays)


class InStep:
    """`fit` for a `Classifier` whose processes take each step together: all draw the same order, by the seed."""

    def fit(self, images, labels, epochs, on_epoch=None):
        """As promised in the contract. Raises `ValueError` at once if the processes do not divide every batch."""
        size = min(self.settings.batch_size, len(check_images(images)))
        for batch in (images[:size], images[: len(images) % size]):
            self.place.part(batch)
        generator = np.random.default_rng(self.settings.seed)
        history = {"loss": []}
        for epoch in range(1, check_epochs(epochs) + 1):
            order = generator.permutation(len(images))
            total = 0.0
            for start in range(0, len(images), size):
                rows = order[start : start + size]
                loss = self.train_step(self.prepare_batch(images[rows], labels[rows]))
                total += float(loss) * len(rows)
            history["loss"].append(total / len(images))
            if on_epoch:
                on_epoch(epoch, history["loss"][-1])
        return history


def exists(variant: str, network: str) -> bool:
    """Whether the variant has a file here, for each network that it has."""
    return impls.has_file(variant, "parallel")


def load(variant: str, settings: Settings, place: Place):
    """This process's share of a training of `place.processes`, each of which must call this, at once.

    Returns an `impls.contract.Implementation` that is good for training alone: `set_parameters`, `prepare_batch`,
    `train_step` and `fit`, which every process calls with the same arguments, whole batches, and in the same order.
    They return the same everywhere: the loss of the whole batch, and from `get_parameters` equal bits. Raises what
    `impls.import_` raises, and whatever the engine does if the processes do not find each other.
    """
    return impls.import_(variant, "parallel").Adapter(settings, place)
