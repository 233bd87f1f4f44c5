"""Tasks of a worker that count the work of an operation: calls, kernels, memory, and what the process has loaded.

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
from impls.profiler import allocations, profiler

WARM_UP = 16  # calls before those that are counted
CALLS = 16  # that are counted: TensorFlow's do more in each eighth

Counts = dict[str, int]


@changes_state
def called(implementation: Adapter, operation: Operation, images: np.ndarray, labels: np.ndarray) -> Counts:
    """Return package -> functions that a call runs, the most frequent result of `CALLS`."""
    work = Workload(implementation, operation, images, labels)
    work.repeat(WARM_UP)
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
            try:
                work.call()
            finally:
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
    work = Workload(implementation, operation, images, labels)
    work.repeat(WARM_UP)
    with tempfile.TemporaryDirectory() as folder:
        names = (each.about.split()[-1] for each in profiler(variant)(implementation, lambda: work.repeat(1), folder))
        return dict(Counter(re.sub(r"[.\d]+$", "", name) for name in names))


@changes_state
def allocated(
    implementation: Adapter, operation: Operation, images: np.ndarray, labels: np.ndarray, variant: str
) -> Counts:
    """Return name -> bytes that a call allocates, as the framework records them.

    Python's objects are not counted in frameworks: their bytes vary from call to call, by 4 % in Keras on PyTorch.
    """
    work = Workload(implementation, operation, images, labels)
    work.repeat(WARM_UP)
    gc.collect()
    gc.disable()
    try:
        return allocations(variant)(lambda: work.repeat(1))
    finally:
        gc.enable()


def in_process() -> tuple[Counts, Counts]:
    """Return package -> imported modules, and name -> bytes of the shared libraries of this name, of this process.

    Modules in the folder of temporary files are left out: TensorFlow generates some, with random names.
    """
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    modules = [name for name, file in files.items() if not file.startswith(tempfile.gettempdir())]
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    libraries: Counter[str] = Counter()
    for file in {Path(line.split(maxsplit=5)[-1]) for line in maps if ".so" in line and "(deleted)" not in line}:
        libraries[file.name] += file.stat().st_size
    return dict(Counter(map(_package, modules))), dict(libraries)


def _package(module: str) -> str:
    return module.partition(".")[0]
