"""What travels between pytest and a worker: arrays as bytes, large data as a name that the worker looks up itself."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impls.contract import read_mnist


class Reference(NamedTuple):
    """A part of MNIST, by name: whoever receives it reads the array from its own disk."""

    directory: str
    split: str  # "train" or "test"
    kind: str  # "images", uint8 (n, 28, 28), or "labels", uint8 (n,)
    count: int | None = None  # only so many of the first

    def first(self, count: int) -> "Reference":
        return self._replace(count=count)

    def array(self) -> np.ndarray:
        """The canonical array, read-only."""
        if self.directory not in _MNIST:
            train, test = read_mnist(self.directory)
            _MNIST[self.directory] = {"train": train, "test": test}
        images, labels = _MNIST[self.directory][self.split]
        return {"images": images, "labels": labels}[self.kind][: self.count]


_MNIST: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {}


class Split(NamedTuple):
    """The images and labels of one part of MNIST."""

    images: Reference
    labels: Reference


class Mnist(NamedTuple):
    """The two parts of MNIST in `directory`, by reference."""

    directory: str
    train: Split
    test: Split

    @classmethod
    def at(cls, directory: Path) -> "Mnist":
        splits = (
            Split(*(Reference(str(directory), split, kind) for kind in ("images", "labels")))
            for split in ("train", "test")
        )
        return cls(str(directory), *splits)


def resolve(value: Any) -> Any:
    """`value` with the array in place of each reference, at the top level of a tuple of arguments."""
    return value.array() if isinstance(value, Reference) else value


def encode(value: Any) -> Any:
    """`value` in builtin types alone, which is all that execnet carries. Raises `TypeError` for anything unknown."""
    if isinstance(value, np.ndarray):
        return ("array", value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool):
        return value
    for builtin in (int, float, str, bytes):
        if isinstance(value, builtin):
            return builtin(value)  # execnet refuses subclasses, such as the str that is torch.__version__
    if isinstance(value, Reference):
        return ("reference", *value)
    if isinstance(value, dict):
        return ("dict", [(encode(key), encode(item)) for key, item in value.items()])
    if isinstance(value, (tuple, list)):
        return ("tuple" if isinstance(value, tuple) else "list", [encode(item) for item in value])
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"cannot send {type(value).__name__} between processes: {value!r}")


def decode(value: Any) -> Any:
    """What `encode` was given; an array is a copy of its own, and writable."""
    if not isinstance(value, tuple):
        return value
    kind, *content = value
    if kind == "array":
        dtype, shape, data = content
        return np.frombuffer(data, dtype).reshape(shape).copy()
    if kind == "reference":
        return Reference(*content)
    if kind == "dict":
        return {decode(key): decode(item) for key, item in content[0]}
    return {"tuple": tuple, "list": list}[kind](decode(item) for item in content[0])
