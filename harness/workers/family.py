"""A process and all that come of it, known by the folder of their temporary files: they end together, folder and all.

Standard library alone: it runs in pytest, in workers, on other machines and, as a program, between pytest and uv:
`python family.py PARENT COMMAND...`, in a session of its own, runs a command that ends with the process PARENT.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 1.0  # at whether the parent still lives
TRIES, SECONDS_BETWEEN_TRIES = 100, 0.01  # a process that forks meanwhile is killed the next time


def environment(folder: str) -> dict[str, str]:
    """What a process must be started with to belong to the family of `folder`; whatever it starts inherits it."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)


def members(folder: str) -> list[int]:
    """The processes that were started in this environment, but for this one. Only Linux tells; elsewhere, nobody."""
    mark = f"TMPDIR={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile, or is another user's
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return [number for number in found if number != os.getpid()]


def end(folder: str, *more: int) -> None:
    """Kill the family and the processes of the numbers `more`, and remove the folder."""
    alive = [*members(folder), *more]
    for _ in range(TRIES):
        for number in alive:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
        alive = members(folder)
        if not alive:
            break
        time.sleep(SECONDS_BETWEEN_TRIES)
    shutil.rmtree(folder, ignore_errors=True)


def end_with(parent: int, folder: str) -> None:
    """End the family, this process and its group, which it must lead, soon after `parent` is gone."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    end(folder)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _, parent, *command = sys.argv
    watch = threading.Thread(target=end_with, args=(int(parent), os.environ["TMPDIR"]), daemon=True)
    watch.start()
    status = subprocess.call(command)
    if os.getppid() != int(parent):
        watch.join()  # it ends this process when it is done with the others
    sys.exit(status)
