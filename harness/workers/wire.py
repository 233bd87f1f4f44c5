"""Values between pytest and a worker: pickles of builtin types, of arrays, and of types that both sides can import."""

import builtins
import io
import pickle
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
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
    """Return the value of `dumps`; an array is a writable copy. `data` must be of a process that is trusted."""
    return pickle.loads(data)


def loads_values(data: bytes) -> Any:
    """Return the value of `dumps` from a worker, whose packages are not trusted: they could send any pickle.

    It calls nothing but constructors of builtin types, arrays, named tuples, frozen dataclasses and exceptions of
    `SHARED`. Raises `pickle.UnpicklingError` for anything else.
    """
    return _ValueUnpickler(io.BytesIO(data)).load()


class _ValueUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable:
        """Return the constructor with this name; it is a new function, as a pickle can set attributes of a class."""
        if module == "builtins" and name in {each.__name__ for each in BUILTIN}:
            return getattr(builtins, name)
        if (module, name) == (__name__, _array.__name__):
            return _array
        if SHARED.fullmatch(module):
            kind = super().find_class(module, name)  # the name may be dotted, and lead to another module
            if isinstance(kind, type) and is_shared(kind):
                if issubclass(kind, Exception):
                    return kind
                if hasattr(kind, "_fields") or (is_dataclass(kind) and kind.__dataclass_params__.frozen):
                    return lambda *values: kind(*values)
        raise pickle.UnpicklingError(f"expected a value from the worker, found the name {module}.{name}")


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
            if is_dataclass(value):  # by its constructor, as fields may need its __post_init__
                return type(value), tuple(getattr(value, field.name) for field in fields(value))
            if isinstance(value, tuple):
                return type(value), tuple(value)
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
