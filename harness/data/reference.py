"""Arrays by name: whoever receives one reads it from its own disk, so that nothing large travels to a worker."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from impls.files import read_dataset


class Reference(NamedTuple):
    """A part of the data set."""

    directory: str
    split: str  # "train" or "test"
    kind: str  # "images", uint8 (n, height, width), or "labels", uint8 (n,)
    count: int | None = None  # only so many of the first

    def first(self, count: int) -> "Reference":
        return self._replace(count=count)

    def array(self) -> np.ndarray:
        """The canonical array, read-only."""
        if self.directory not in _READ:
            train, test = read_dataset(self.directory)
            _READ[self.directory] = {"train": train, "test": test}
        images, labels = _READ[self.directory][self.split]
        return {"images": images, "labels": labels}[self.kind][: self.count]


_READ: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {}


class Split(NamedTuple):
    """The images and labels of one part."""

    images: Reference
    labels: Reference

    def first(self, count: int) -> "Split":
        return Split(*(reference.first(count) for reference in self))


class Parts(NamedTuple):
    """The two parts of the data set in `directory`, by reference."""

    directory: str
    train: Split
    test: Split

    @classmethod
    def at(cls, directory: Path) -> "Parts":
        splits = (
            Split(*(Reference(str(directory), split, kind) for kind in ("images", "labels")))
            for split in ("train", "test")
        )
        return cls(str(directory), *splits)
