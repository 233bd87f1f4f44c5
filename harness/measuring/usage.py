"""CPU time and memory of this process so far. Memory is None where the system does not report it."""

import ctypes
import gc
import itertools
import os
import re
import sys
import time
from pathlib import Path

from impls.adapter import Adapter
from impls.contract import changes_state

SMALL = 96  # bytes of one of Python's small objects, which are not in glibc's heap: their mean
MALLINFO2 = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class Heap(ctypes.Structure):
    """glibc's `struct mallinfo2`: in use are `uordblks` bytes in its arenas, and `hblkhd` in separate mappings."""

    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO2]


def cpu_seconds() -> float:
    """Return the CPU seconds of all its threads, and of the processes that it started and that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def in_use() -> int | None:
    """Return the bytes that are allocated now; None if the C library is not glibc (2.33 or later).

    Memory that `malloc` keeps for later does not count: while a fit of TensorFlow keeps nothing, the RAM of the process
    grows or shrinks by megabytes. Python's small objects count as 96 bytes each, their mean in processes with NumPy,
    PyTorch, TensorFlow, JAX and Keras (93 to 96); many objects of one kind can count three times too much.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return None
    libc.mallinfo2.restype = Heap
    heap = libc.mallinfo2()
    return heap.uordblks + heap.hblkhd + SMALL * sys.getallocatedblocks()


def peak_memory() -> int | None:
    """Return the most bytes of RAM that it has held."""
    held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(held[1]) * 1024 if held else None


@changes_state
def fit_usage(
    implementation: Adapter, images, labels, epochs: int, begin: float
) -> tuple[list[float], int | None, bool]:
    """Return the CPU seconds of each epoch of one `fit`, (epochs,), and the bytes in use after it, without garbage.

    It begins at the moment `begin` of `time.monotonic`, which all processes of a machine have in common. The last of
    the results is whether it could: False if that moment was over.
    """
    in_time = time.monotonic() < begin
    while time.monotonic() < begin:
        pass
    marks = [cpu_seconds()]
    implementation.fit(images, labels, epochs, lambda *_: marks.append(cpu_seconds()))
    gc.collect()
    return [after - before for before, after in itertools.pairwise(marks)], in_use(), in_time
