"""Values between pytest and a worker: pickles of builtin types, of arrays, and of types that both sides can import."""

import dataclasses
import io
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from socket import socket
from types import FunctionType
from typing import Any

import numpy as np

# Modules that both sides can import. A framework's module is none of them: pytest's process would import the framework.
SHARED = re.compile(r"harness(\..+)?|impls(\.(contract|quantization|distillation|edge|parallel))?|tests\.observed")
BUILTIN = (bool, int, float, str, bytes, tuple, list, dict)  # a bool is an int, too
PROTOCOL = 4  # of pickles; every Python that can run a worker reads it
LENGTH = 8  # bytes that hold the length of a message


def is_shared(named: Any) -> bool:
    """Return whether the function or class can be imported on both sides."""
    return SHARED.fullmatch(named.__module__) is not None


def dumps(value: Any) -> bytes:
    """Return `value` as bytes. Raises `TypeError` for anything that is not of these kinds.

    Builtin types, and their subclasses as these; arrays; scalars of NumPy and paths, as builtin types; functions,
    classes, dataclasses and named tuples of `SHARED`.
    """
    buffer = io.BytesIO()
    _Pickler(buffer, PROTOCOL).dump(value)
    return buffer.getvalue()


def loads(data: bytes) -> Any:
    """Return the value of `dumps`; an array is a writable copy."""
    return pickle.loads(data)  # of our own process, which sends what `_Pickler` admits


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """Return a function and its arguments that make `value` anew, or `NotImplemented` for pickle's default."""
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            return _array, (value.dtype.str, value.shape, value.tobytes())
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, Path):
            value = str(value)
        if isinstance(value, FunctionType | type):
            if value in BUILTIN or is_shared(value):
                return NotImplemented
        elif is_shared(type(value)):
            if dataclasses.is_dataclass(value):  # by its constructor, as fields may need its __post_init__
                return type(value), tuple(getattr(value, field.name) for field in dataclasses.fields(value))
            if isinstance(value, tuple):
                return NotImplemented
        for builtin in BUILTIN:
            if isinstance(value, builtin):  # such as the str that is torch.__version__
                return builtin, (builtin(value),)
        raise TypeError(f"cannot send {type(value).__name__} between processes: {value!r}")


def _array(dtype: str, shape: tuple[int, ...], data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype).reshape(shape).copy()


def send(end: socket, data: bytes) -> None:
    """Send a message. Raises `OSError`."""
    end.sendall(len(data).to_bytes(LENGTH, "big") + data)


def receive(end: socket, on_silence: Callable[[], None] = lambda: None) -> bytes:
    """Return the next message. Raises `EOFError` if there is none, `OSError`, and what `on_silence` raises.

    `on_silence` is called whenever nothing has come for as long as the timeout of the socket.
    """
    return _read(end, int.from_bytes(_read(end, LENGTH, on_silence), "big"), on_silence)


def _read(end: socket, size: int, on_silence: Callable[[], None]) -> bytes:
    data = bytearray(size)
    missing = memoryview(data)
    while missing:
        try:
            count = end.recv_into(missing)
        except TimeoutError:
            on_silence()
            continue
        if not count:
            raise EOFError
        missing = missing[count:]
    return bytes(data)
