"""A command and all processes that it starts, which end together: `process_tree.py PARENT FOLDER COMMAND...`.

This program, the supervisor, runs COMMAND in a separate session. Its exit status is that of COMMAND, or 128 + the
signal that ended COMMAND. When COMMAND ends, or the process PARENT, or the supervisor by SIGTERM, the supervisor kills
every process that COMMAND has started. On Linux it adopts orphans, so it also kills those that have forked twice and
left the session. If PARENT ended first, it removes FOLDER, unless that is empty.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading

import psutil

SECONDS_BETWEEN_CHECKS = 1.0  # at whether the parent still lives
SECONDS_TO_END = 5.0  # for a supervisor to kill all that it supervises
TRIES, SECONDS_BETWEEN_TRIES = 30, 0.1  # processes that fork meanwhile are killed the next time

# Of prctl(2).
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36


def start(command: list[str], folder: str = "", **options) -> subprocess.Popen:
    """Start `command` under a supervisor, which is returned. Signals of the terminal do not reach them.

    `folder` is removed if this process ends before the command. `options` are those of `subprocess.Popen`.
    """
    supervisor = [sys.executable, "-I", __file__, str(os.getpid()), folder, *command]
    return subprocess.Popen(supervisor, start_new_session=True, **options)


def end(supervisor: subprocess.Popen) -> None:
    """End the command of `start` and all processes that it has started. Does nothing if they have ended."""
    supervisor.terminate()
    supervisor.send_signal(signal.SIGCONT)  # if it is stopped
    try:
        supervisor.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def environment(folder: str) -> dict[str, str]:
    """Return variables that make `folder` the place of temporary files."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)


def _supervise(parent: int, folder: str, command: list[str]) -> int:
    control = ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda *_: None
    control(SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        process = subprocess.Popen(
            command,
            start_new_session=True,
            preexec_fn=lambda: control(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL),  # if the supervisor is killed
        )
        waiting = threading.Thread(target=process.wait, daemon=True)
        waiting.start()
        while waiting.is_alive() and os.getppid() == parent:
            waiting.join(SECONDS_BETWEEN_CHECKS)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _kill_children()
        if folder and os.getppid() != parent:
            shutil.rmtree(folder, ignore_errors=True)
    waiting.join()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def _kill_children() -> None:
    for _ in range(TRIES):
        children = psutil.Process().children(recursive=True)
        if not children:
            break
        for child in children:
            with contextlib.suppress(psutil.Error):  # it has ended meanwhile
                child.kill()
        psutil.wait_procs(children, SECONDS_BETWEEN_TRIES)


if __name__ == "__main__":
    sys.exit(_supervise(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
