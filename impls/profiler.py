"""Profiling for all frameworks: the framework's own profiler around a training step, and the kernels that it records.

A framework's chapter has `kernels(implementation, run, folder)`. It calls `run()` under the profiler and returns the
kernels. It leaves the trace in `folder`, for Perfetto (https://ui.perfetto.dev) or TensorBoard. A kernel is an
operation that calls no other operation. The framework's own work around its kernels is not among them.

The chapter also has `allocations(run)`. It calls `run()`, and returns name -> bytes of the memory allocated meanwhile.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import impls


class Kernel(NamedTuple):
    """One run of a kernel, on any thread. The times are nanoseconds of the profiler's clock.

    `about` is its name and its callers; of XLA, the names of the module and of the operation.
    """

    about: str
    start: float
    end: float


def exists(variant: str, network: str) -> bool:
    """Return whether the variant has this chapter, which then covers each of its networks."""
    return impls.has_file(variant, "profiler")


def profiler(variant: str) -> Callable[[Any, Callable[[], None], str], list[Kernel]]:
    """Return the function `kernels` of the variant's framework. Raises the exceptions of `impls.import_`."""
    return impls.import_(variant, "profiler").kernels


def allocations(variant: str) -> Callable[[Callable[[], None]], dict[str, int]]:
    """Return the function `allocations` of the variant's framework. Raises as `profiler`."""
    return impls.import_(variant, "profiler").allocations
