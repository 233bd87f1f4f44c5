"""Kinds of kernels, the same for all frameworks, recognised by the kernel's name, callers or program, and their times.

Kernels overlap on several threads, so a moment is divided evenly among them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

MATRIX, CONVOLUTION, ELEMENTWISE = "matrix products", "convolutions", "element-wise"
OPTIMIZER, MOVEMENT, OVERHEAD = "optimizer", "data movement", "overhead"
ACCOUNTED = 0.1  # of the time without the profiler: by how much the profiler may change it
KINDS = (MATRIX, CONVOLUTION, ELEMENTWISE, OPTIMIZER, MOVEMENT, OVERHEAD)

# The first match counts, so any kernel that the optimizer calls is the optimizer's.
PATTERNS = {
    OPTIMIZER: re.compile(r"optax/(?!losses)|optimizer|\badam\b", re.IGNORECASE),
    CONVOLUTION: re.compile(r" convolution\(|aten::\w*convolution|:\w*Conv2D\w*$|^(convol|patches)"),
    MATRIX: re.compile(r" dot\(|aten::(add|b)?mm\b|:\w*MatMul\w*$|^[\w.<>]+ .* @ |custom_call_target=.*(matmul|gemm)"),
    MOVEMENT: re.compile(
        r"^\s*(ROOT )?%\S+ = \S+ (copy|transpose|concatenate|gather|pad|slice)\("
        r"|aten::(copy_|_?to|clone|cat|contiguous|fill_|zero_|empty\w*|as_strided)\b"
        r"|:(Identity|Reshape|Transpose|Cast|Const|_Arg|_Retval|_Recv|_Send|ReadVariableOp|NoOp)\b",
    ),
}


def kind(about: str) -> str:
    """Return the kind of the kernel with this name, callers or program; element-wise if no pattern matches."""
    return next((kind for kind, pattern in PATTERNS.items() if pattern.search(about)), ELEMENTWISE)


def shares(kernels: Iterable[tuple[str, float, float]]) -> dict[str, float]:
    """Return kind -> time of kernels (kind, start, end), in any unit. The sum is the time in which at least one ran."""
    kernels = [each for each in kernels if each[2] > each[1]]
    edges = [(start, 1, kind) for kind, start, _ in kernels] + [(end, -1, kind) for kind, _, end in kernels]
    running: Counter[str] = Counter()
    found: Counter[str] = Counter()
    before = 0.0
    for moment, change, kind in sorted(edges):
        for each in +running:
            found[each] += (moment - before) * running[each] / running.total()
        running[kind] += change
        before = moment
    return dict(found)


def accounted(profile: Mapping[str, Any]) -> bool:
    """Return whether the parts add up to the time of a call without the profiler, within `ACCOUNTED`."""
    return abs(profile["seconds"] / profile["alone"] - 1) <= ACCOUNTED
