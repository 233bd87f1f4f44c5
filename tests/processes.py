"""Processes of tests: wait until one has ended, or read the JSON that one prints."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psutil

from tests.project import require

PATIENCE = 30  # seconds


def has_ended(number: int) -> bool:
    """Whether the process of this number is gone, or only waits for its parent to notice."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    return True


def wait_until(condition: Callable[[], bool]) -> bool:
    """Whether it does before our patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return condition()


def measured(code: str, packages: str, **environment: str) -> dict:
    """Return the JSON that `code` prints last, in a new Python process. Skip if one of its packages is missing."""
    require(*packages.split())
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout.splitlines()[-1])
    print(numbers)
    return numbers
