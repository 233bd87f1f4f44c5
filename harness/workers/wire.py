"""What travels between pytest and a worker: builtin types as they are, arrays as bytes, what is ours by its name."""

import dataclasses
import re
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

# Modules that both sides can import.
OURS = re.compile(r"harness(\..+)?|impls(\.(contract|quantization|distillation|edge|parallel))?")


def encode(value: Any) -> Any:
    """`value` in builtin types alone, which is all that execnet carries. Raises `TypeError` for anything unknown.

    Functions and classes of `OURS` are known by their names, and so are their named tuples and dataclasses.
    """
    if isinstance(value, np.ndarray):
        return ("array", value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool):
        return value
    for builtin in (int, float, str, bytes):
        if isinstance(value, builtin):
            return builtin(value)  # execnet refuses subclasses, such as the str that is torch.__version__
    if isinstance(value, FunctionType | type) and is_ours(value):
        return ("named", value.__module__, value.__qualname__)
    if is_ours(type(value)) and dataclasses.is_dataclass(value):
        return ("record", encode(type(value)), [encode(getattr(value, f.name)) for f in dataclasses.fields(value)])
    if is_ours(type(value)) and isinstance(value, tuple):
        return ("record", encode(type(value)), [encode(item) for item in value])
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
    if kind == "named":
        module, name = content
        return getattr(import_module(module), name)
    if kind == "record":
        made, fields = content
        return decode(made)(*map(decode, fields))
    if kind == "dict":
        return {decode(key): decode(item) for key, item in content[0]}
    return {"tuple": tuple, "list": list}[kind](decode(item) for item in content[0])


def is_ours(named: Any) -> bool:
    """Whether the function or class can be imported on both sides."""
    return OURS.fullmatch(named.__module__) is not None
