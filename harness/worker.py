"""Runs in the worker process: waits for commands, carries them out one by one, and answers each."""

import faulthandler
import os
import signal
import threading
import traceback
from typing import Any

from harness.session import Session
from harness.wire import decode, encode

SECONDS_BETWEEN_LOOKS = 1.0  # at whether the parent still lives


def serve(channel, stderr_path: str | None, threads: int | None) -> None:
    """Answer commands `(name, arguments)` until the channel closes.

    Each answer is `("ok", value)` or `("error", type, message, traceback)`; any number of `("event", name, details)`
    may come before it. What the process and its libraries write to stderr goes to the file `stderr_path`, if given.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for pytest, which then ends its workers
    if stderr_path:
        os.dup2(os.open(stderr_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    faulthandler.enable(all_threads=False)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    if threads and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])

    def notify(event: str, **details: Any) -> None:
        channel.send(("event", event, details))

    session = Session(notify)
    channel.send(("ok", os.getpid()))
    for name, arguments in channel:
        channel.send(_answer(session, name, decode(arguments)))


def _end_with(parent: int) -> None:
    """End this process soon after its parent is gone, whatever it is busy with."""
    while os.getppid() == parent:
        threading.Event().wait(SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def _answer(session: Session, name: str, arguments: tuple) -> tuple:
    try:
        return ("ok", encode(session.call(name, *arguments)))
    except (Exception, SystemExit) as error:
        return ("error", type(error).__name__, str(error), traceback.format_exc())
