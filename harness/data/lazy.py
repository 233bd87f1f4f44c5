"""Lazy arrays of the data set: a worker gets the name of an array, and reads it from its own disk."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from impls.files import read_dataset


class LazyArray(NamedTuple):
    """An array of the data set, or its first `count` rows, not read before `array()` is called."""

    directory: str
    split: str  # "train" or "test"
    kind: str  # "images", uint8 (n, height, width), or "labels", uint8 (n,)
    count: int | None = None

    def first(self, count: int) -> "LazyArray":
        """Return the first rows only."""
        return self._replace(count=count)

    def array(self) -> np.ndarray:
        """Return the array, read-only."""
        train, test = _dataset(self.directory)
        images, labels = train if self.split == "train" else test
        return (images if self.kind == "images" else labels)[: self.count]


_dataset = functools.cache(read_dataset)


class Split(NamedTuple):
    """The images and labels of one part of the data set."""

    images: LazyArray
    labels: LazyArray

    def first(self, count: int) -> "Split":
        """Return the first images and labels only."""
        return Split(self.images.first(count), self.labels.first(count))


class Parts(NamedTuple):
    """The training part and the test part of the data set in `directory`."""

    directory: str
    train: Split
    test: Split

    @classmethod
    def at(cls, directory: Path) -> "Parts":
        """Return the data set below this folder."""
        splits = ([LazyArray(str(directory), split, kind) for kind in Split._fields] for split in ("train", "test"))
        return cls(str(directory), *map(Split._make, splits))
