"""What this process has used so far: processor time and memory. Linux alone tells of the memory."""

import itertools
import os
import time
from pathlib import Path

from impls.contract import Implementation, changes_state


def cpu_seconds() -> float:
    """Of all its threads, and of the processes that it started and that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def memory() -> int | None:
    """Bytes of RAM that it holds now, or None where the system does not tell."""
    return _of_status("VmRSS")


def peak_memory() -> int | None:
    """Most bytes of RAM that it has held, or None where the system does not tell."""
    return _of_status("VmHWM")


@changes_state
def of_epochs(implementation: Implementation, images, labels, epochs: int) -> list[tuple[float, int | None]]:
    """Of each epoch of one `fit`: the CPU seconds that it took, and the bytes of RAM that are held after it."""
    marks = [(cpu_seconds(), None)]
    implementation.fit(images, labels, epochs, lambda *_: marks.append((cpu_seconds(), memory())))
    return [(after - before, held) for (before, _), (after, held) in itertools.pairwise(marks)]


def _of_status(field: str) -> int | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines[field].split()[0]) * 1024
