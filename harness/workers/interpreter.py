"""Check that a program is a Python that can run a worker."""

import subprocess
import threading

from harness.workers import process_tree
from harness.workers.excerpt import shortened

LIMIT = 2**16  # bytes of its output that are read: some programs write for ever
USABLE = "this Python can run a worker"
QUESTION = f"import sys; assert sys.version_info >= (3, 10), sys.version; import numpy; print({USABLE!r})"


def problem(python: str, timeout: float) -> str:
    """Return why this Python cannot run a worker, in a line; "" if it can. It is given `timeout` seconds."""
    command = [python, "-I", "-c", QUESTION]
    process = process_tree.start(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    alarm = threading.Timer(timeout, process.terminate)
    alarm.start()
    try:
        with process.stdout:
            output = process.stdout.read(LIMIT)
    finally:
        alarm.cancel()
        process_tree.end(process)
    lines = output.strip().splitlines()
    if USABLE in lines:  # a whole line: the traceback of Python 3.13 shows the code, too
        return ""
    said = repr(shortened(lines[-1])) if lines else "nothing"
    return (
        f"{python} is no usable interpreter: Python 3.10 or later with NumPy is needed. It said {said} and ended with "
        f"status {process.returncode}, after at most {timeout:g} s (--worker-timeout sets the limit)"
    )
