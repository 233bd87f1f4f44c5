"""Data-parallel training for all frameworks: processes hold the same network, and each computes a part of every batch.

The parts are equally large, so the mean of their gradients is the gradient of the batch. All processes take the same
step, and it is the step of one process with the whole batch. A framework's chapter shows how the framework's own
library for distributed training exchanges the gradients. NumPy has none.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import impls
from impls.adapter import Adapter
from impls.checks import check_epochs, check_images
from impls.contract import NETWORKS, Settings


class Place(NamedTuple):
    """The number of this process, `rank`, counted from 0, and the address "HOST:PORT" of each process."""

    rank: int
    addresses: tuple[str, ...]

    @property
    def processes(self) -> int:
        """Number of processes."""
        return len(self.addresses)

    def part(self, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return this process's rows of each array: (n, ...) -> (n / processes, ...). Rank 0 has the first rows.

        Raises `ValueError` if the processes do not divide n: the mean of unequal parts is not the mean of the batch.
        """
        rows = len(arrays[0])
        if rows % self.processes:
            raise ValueError(f"a batch of {rows} images cannot be divided by {self.processes} processes")
        size = rows // self.processes
        return tuple(array[self.rank * size :][:size] for array in arrays)


class DataParallelMixin:
    """The two methods of `Adapter` that differ in data-parallel training: each process takes its own rows of a batch.

    `place` is set by the framework's chapter.
    """

    place: Place

    def prepare_batch(self, images: np.ndarray, labels: np.ndarray) -> tuple[Any, Any]:
        """Return this process's rows of a batch as `Adapter.prepare_batch` does: (n, ...) -> (n / processes, ...)."""
        return super().prepare_batch(*self.place.part(images, labels))

    def fit(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        epochs: int,
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> dict[str, list[float]]:
        """Train as `Adapter.fit` does. All processes draw the same order, from the seed.

        Raises `ValueError` at once if the processes do not divide every batch.
        """
        size, count = self.settings.batch_size, len(check_images(images))
        for batch in (images[:size], images[: count % size]):
            self.place.part(batch)
        random, history = np.random.default_rng(self.settings.seed), {"loss": []}
        for epoch in range(1, check_epochs(epochs) + 1):
            order, total = random.permutation(count), 0.0
            for rows in np.split(order, range(size, count, size)):
                total += float(self.train_step(self.prepare_batch(images[rows], labels[rows]))) * len(rows)
            history["loss"].append(total / count)
            if on_epoch:
                on_epoch(epoch, history["loss"][-1])
        return history


def exists(variant: str, network: str) -> bool:
    """Return whether the variant has this chapter. It then covers each of its networks but those with a state.

    With batch normalization, each process would normalise by its own part of a batch, unlike one process.
    """
    return impls.has_file(variant, "parallel") and not NETWORKS[network].state


def load(variant: str, settings: Settings, place: Place) -> Adapter:
    """Build this process's replica for a training in `place.processes` processes. All call this at the same time.

    The replica trains only. Each process calls `set_parameters`, `prepare_batch`, `train_step` and `fit` in the same
    order, with the same arguments: the complete batches. The results are the same in each process: the loss of the
    complete batch, and from `get_parameters` the same bits. Raises the exceptions of `impls.import_`, and those of the
    framework if the processes do not connect, and `ValueError` for a network with a state.
    """
    if NETWORKS[settings.network].state:
        raise ValueError(f"{settings.network} normalises by the batch, of which each process would have a part only")
    return impls.import_(variant, "parallel").Adapter(settings, place)
