"""What this process has used so far: processor time and memory. Linux alone tells of the memory."""

import ctypes
import gc
import itertools
import os
import sys
import time
from pathlib import Path

from impls.adapter import Adapter
from impls.contract import changes_state

SMALL = 96  # bytes of one of Python's small objects, which are not in glibc's heap: their mean
MALLINFO2 = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
_LIBC = ctypes.CDLL(None)


class _Heap(ctypes.Structure):
    """glibc's `struct mallinfo2`: in use are `uordblks` bytes in its arenas, and `hblkhd` in mappings of their own."""

    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO2]


def cpu_seconds() -> float:
    """Of all its threads, and of the processes that it started and that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def in_use() -> int | None:
    """Bytes that are allocated now, or None where the C library is not glibc (2.33 or later).

    What glibc's `malloc` keeps for later is not in it: while a fit of TensorFlow keeps nothing, the RAM of the process
    grows or shrinks by megabytes. Python's small objects are counted, and taken as 96 bytes each, their mean in
    processes with NumPy, PyTorch, TensorFlow, JAX and Keras (93 to 96): of one kind that can be three times too much.
    """
    if not hasattr(_LIBC, "mallinfo2"):
        return None
    _LIBC.mallinfo2.restype = _Heap
    heap = _LIBC.mallinfo2()
    return heap.uordblks + heap.hblkhd + SMALL * sys.getallocatedblocks()


def peak_memory() -> int | None:
    """Most bytes of RAM that it has held, or None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024


@changes_state
def of_fit(implementation: Adapter, images, labels, epochs: int, begin: float) -> tuple[list[float], int | None]:
    """Of one `fit`: the CPU seconds of each epoch, (epochs,), and the bytes in use after it, its garbage collected.

    It begins at the moment `begin` of `time.monotonic`, which processes of a machine have in common.
    """
    while time.monotonic() < begin:
        pass
    marks = [cpu_seconds()]
    implementation.fit(images, labels, epochs, lambda *_: marks.append(cpu_seconds()))
    gc.collect()
    return [after - before for before, after in itertools.pairwise(marks)], in_use()
