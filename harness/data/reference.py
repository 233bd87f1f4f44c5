"""References to the data set's arrays: a worker reads them from its own disk, so that no array travels to it."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from impls.files import read_dataset


class Reference(NamedTuple):
    """A reference to an array of the data set, or to its first `count` rows."""

    directory: str
    split: str  # "train" or "test"
    kind: str  # "images", uint8 (n, height, width), or "labels", uint8 (n,)
    count: int | None = None

    def first(self, count: int) -> "Reference":
        """Refer to the first rows only."""
        return self._replace(count=count)

    def array(self) -> np.ndarray:
        """Return the array, read-only."""
        train, test = _dataset(self.directory)
        images, labels = train if self.split == "train" else test
        return (images if self.kind == "images" else labels)[: self.count]


_dataset = functools.cache(read_dataset)


class Split(NamedTuple):
    """References to the images and labels of one part of the data set."""

    images: Reference
    labels: Reference

    def first(self, count: int) -> "Split":
        """Refer to the first images and labels only."""
        return Split(self.images.first(count), self.labels.first(count))


class Parts(NamedTuple):
    """References to the training part and the test part of the data set in `directory`."""

    directory: str
    train: Split
    test: Split

    @classmethod
    def at(cls, directory: Path) -> "Parts":
        """Refer to the data set below this folder."""
        splits = ([Reference(str(directory), split, kind) for kind in Split._fields] for split in ("train", "test"))
        return cls(str(directory), *map(Split._make, splits))
