"""Whether a Python can run a worker, found out before a worker is started under it."""

import functools
import subprocess
import threading
import time

from harness.workers import process_tree

LIMIT = 2**16  # bytes of its output that are read
SHOWN = 200  # characters of the line that is reported
USABLE = "this Python can run a worker"

# In the syntax of Python 2, too. The worker's side of harness/ and impls/ is written for Python 3.10.
QUESTION = f"import sys; assert sys.version_info >= (3, 10), sys.version; import numpy; print({USABLE!r})"


class Unusable(Exception):
    """A Python that was named cannot run a worker; the message says which, and why."""


@functools.cache
def flaw(python: str, timeout: float) -> str:
    """Return why this Python cannot run a worker, in a line; "" if it can. It is given `timeout` seconds."""
    began = time.monotonic()
    process = process_tree.start(
        [python, "-I", "-c", QUESTION],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    alarm = threading.Timer(timeout, process.terminate)
    alarm.start()
    try:
        with process.stdout:
            output = process.stdout.read(LIMIT).decode(errors="replace")
    finally:
        alarm.cancel()
        process_tree.end(process)
    if USABLE in output:
        return ""
    last = (output.strip().splitlines() or [""])[-1][:SHOWN]
    found = f"it ends with status {process.returncode} and {f'says {last!r}' if last else 'says nothing'}"
    if time.monotonic() - began >= timeout:
        found = f"it has not answered after {timeout:g} s (--worker-timeout sets the limit)"
    return f"{python} is no usable interpreter: Python 3.10 or later with NumPy is needed, and {found}"
