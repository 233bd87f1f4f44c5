"""Tasks of a worker that count the work of an operation: calls of functions, kernels, and what the process has loaded.

A count does not vary from call to call, where a time does.
"""

import gc
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from harness.measuring.workload import Operation, Workload
from impls.adapter import Adapter
from impls.contract import changes_state
from impls.profiler import profiler

WARM_UP = 16  # calls before those that are counted
CALLS = 16  # that are counted: TensorFlow's do more in each eighth

Counts = dict[str, int]


@changes_state
def called(implementation: Adapter, operation: Operation, images: np.ndarray, labels: np.ndarray) -> Counts:
    """Return package -> functions that a call runs, the most frequent result of `CALLS`."""
    work = _warm(implementation, operation, images, labels)
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event in ("call", "c_call"):  # the first is in the function, the second in its caller
            counts[_package(frame.f_globals.get("__name__", "?"))] += 1

    results: Counter[tuple] = Counter()
    gc.collect()
    gc.disable()  # no destructor of something else runs in between
    try:
        for _ in range(CALLS):
            counts.clear()
            sys.setprofile(count)
            work.call()
            sys.setprofile(None)
            work.synchronize()
            results[tuple(sorted((name, number) for name, number in counts.items() if name != "harness"))] += 1
    finally:
        gc.enable()
    [(most_frequent, _)] = results.most_common(1)
    return dict(most_frequent)


@changes_state
def recorded(
    implementation: Adapter, operation: Operation, images: np.ndarray, labels: np.ndarray, variant: str
) -> Counts:
    """Return name -> kernels of a call, as the profiler records them.

    XLA numbers its names anew in each program, so the numbers are left out. A kernel of PyTorch counts once for each
    part between the operations that it calls.
    """
    work = _warm(implementation, operation, images, labels)

    def call() -> None:
        work.call()
        work.synchronize()

    with tempfile.TemporaryDirectory() as folder:
        names = (each.about.split()[-1] for each in profiler(variant)(implementation, call, folder))
        return dict(Counter(re.sub(r"[.\d]+$", "", name) for name in names))


def in_process() -> tuple[Counts, Counts]:
    """Return package -> imported modules, and shared library -> bytes of the file, both of this process."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    mapped = {Path(line.split(maxsplit=5)[-1]) for line in maps if ".so" in line}
    return dict(Counter(map(_package, list(sys.modules)))), {file.name: file.stat().st_size for file in mapped}


def _warm(implementation: Adapter, operation: Operation, images: np.ndarray, labels: np.ndarray) -> Workload:
    work = Workload(implementation, operation, images, labels)
    for _ in range(WARM_UP):
        work.call()
    work.synchronize()
    return work


def _package(module: str) -> str:
    return module.partition(".")[0]
