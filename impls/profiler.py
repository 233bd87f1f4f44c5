"""Each framework's own profiler around a training step: which kernels ran, and when. A file a framework.

`kernels(classifier, run, folder)` calls `run()` under the profiler, leaves its trace in `folder`, for Perfetto
(https://ui.perfetto.dev) or TensorBoard, and returns what computed. A kernel is what no other kernel runs inside; what
the framework does around its kernels is not among them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import impls


class Kernel(NamedTuple):
    """One run of a kernel, on any thread, in nanoseconds of the profiler's clock.

    `about` tells what it is: its name and where it was called from; of XLA, the module and the name of the operation.
    """

    about: str
    start: float
    end: float


def exists(variant: str, network: str) -> bool:
    return impls.has_file(variant, "profiler")


def profiler(variant: str) -> Callable[[Any, Callable[[], None], str], list[Kernel]]:
    """`kernels` of the framework that computes. Raises what `impls.import_` raises."""
    return impls.import_(variant, "profiler").kernels
