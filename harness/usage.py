"""What this process has used so far: processor time and memory. Linux alone tells of the memory."""

import os
import time
from pathlib import Path


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


def _of_status(field: str) -> int | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines[field].split()[0]) * 1024
