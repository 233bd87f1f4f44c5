"""Whether a Python can run a worker: it is asked what it is before anything is entrusted to it."""

import contextlib
import functools
import os
import re
import signal
import subprocess
import threading

LEAST = (3, 10)  # what the worker's side of harness/ and impls/ are written in
LIMIT = 4096  # bytes of what it says
SHOWN = 200  # characters of it

# In Python 2 as well, or an old one could not tell that it is.
QUESTION = f"""
import sys
sys.path.pop(0)  # the current directory
sys.stdout.write("Python %d.%d" % sys.version_info[:2])
if sys.version_info[:2] >= {LEAST}:
    import numpy
    sys.stdout.write(" with NumPy")
"""


class Unusable(Exception):
    """An interpreter that was named cannot run a worker; the message says which, and why."""


@functools.cache
def flaw(python: str, timeout: float) -> str:
    """Why this Python cannot run a worker; nothing if it can. It has `timeout` seconds to answer."""
    try:
        said, complaint, status = _ask(python, timeout)
    except OSError as error:
        return f"{python} is no usable interpreter: {error.strerror}"
    return f"{python} is no usable interpreter: {why}" if (why := _judged(said, complaint, status, timeout)) else ""


def _judged(said: str, complaint: str, status: int | None, timeout: float) -> str:
    if status is None:
        return f"it had not told its version after {timeout:g} s (--worker-timeout sets the limit)"
    last_line = (complaint.splitlines() or [""])[-1].strip()
    version = re.fullmatch(r"Python (\d+)\.(\d+)( with NumPy)?", said)
    if not version:
        answer = (said.strip() or last_line)[:SHOWN]
        return f"asked for its version, it says {repr(answer) if answer else 'nothing'}, and ends with status {status}"
    if (int(version[1]), int(version[2])) < LEAST:
        return f"it is {said}, and {'.'.join(map(str, LEAST))} or later is needed"
    if not version[3]:
        return f"NumPy cannot be imported there: {last_line[-SHOWN:] or f'exit status {status}'}"
    return ""


def _ask(python: str, timeout: float) -> tuple[str, str, int | None]:
    """What it writes to stdout and to stderr, and its exit status; None if that took too long."""
    with subprocess.Popen(
        [python, "-E", "-s", "-c", QUESTION],  # -I, which Python 2 does not have
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        late = threading.Event()

        def end() -> None:
            with contextlib.suppress(OSError):  # it has ended
                os.killpg(process.pid, signal.SIGKILL)

        alarm = threading.Timer(timeout, lambda: (late.set(), end()))
        alarm.start()
        try:
            said = process.stdout.read(LIMIT)
            if len(said) == LIMIT:
                end()  # it would go on for ever
            complaint = process.stderr.read(LIMIT)
            status = process.wait()
        finally:
            alarm.cancel()
            end()
    return said.decode(errors="replace"), complaint.decode(errors="replace"), None if late.is_set() else status
