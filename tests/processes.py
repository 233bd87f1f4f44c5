"""What has become of a process, and waiting for it."""

import contextlib
import threading
import time
from collections.abc import Callable

import psutil

PATIENCE = 30  # seconds


def has_ended(number: int) -> bool:
    """Whether the process of this number is gone, or only waits for its parent to notice."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    return True


def comes_true(condition: Callable[[], bool]) -> bool:
    """Whether it does before our patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return condition()
