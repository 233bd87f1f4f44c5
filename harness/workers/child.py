"""The worker's side of the connection: wait for commands, carry them out one by one, and answer each."""

import contextlib
import faulthandler
import os
import traceback
from pathlib import Path
from socket import socket
from typing import Any

from harness import ROOT
from harness.workers import processors, variables
from harness.workers.excerpt import excerpt, shortened
from harness.workers.session import Session
from harness.workers.wire import dumps, is_shared, loads, receive, send

FRAMES = 3  # of an error that are reported: the deepest of impls/ and their callers


def serve(threads: int | None, cpu_slot: int) -> None:
    """Answer commands `(verb, *arguments)` that come from stdin, a socket, until it is closed.

    The verb is a method of `Session`. Each answer is `("ok", value)` or `("error", type, message, place)`; a type
    that is not shared is a name. Before it come any number of `("event", name, details)`. The start is answered with
    the number of the process.
    """
    faulthandler.enable(all_threads=False)
    connection = _connection()
    if threads:
        processors.bind(threads, cpu_slot)
    os.environ["KERAS_HOME"] = variables.keras_home(os.environ["TMPDIR"])
    process = os.getpid()

    def answer(*content: Any) -> None:
        if os.getpid() != process:  # a function has forked, and its copy has returned, too
            os._exit(1)
        send(connection, dumps(content))

    session = Session(lambda event, **details: answer("event", event, details))
    answer("ok", process)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            command = receive(connection)
            try:
                verb, *arguments = loads(command)
                answer("ok", getattr(session, verb)(*arguments))
            except (Exception, SystemExit) as error:
                answer("error", *_described(error))


def _connection() -> socket:
    """Return the socket that was stdin; a later read of stdin finds its end."""
    connection = socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return connection


def _described(error: BaseException) -> tuple[type | str, str, str]:
    summary = traceback.TracebackException.from_exception(error, compact=True)  # has the str of what has none
    kind = type(error) if is_shared(type(error)) else type(error).__name__
    return kind, excerpt(str(summary)), _place(summary)


def _place(summary: traceback.TracebackException) -> str:
    """Return where it was raised, deepest first, from impls/ on if it came through there; and its cause."""
    frames = summary.stack[::-1]
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT / "impls")]
    shown = (ours or frames)[:FRAMES]
    lines = [_line(frame) for frame in shown]
    if frames and frames[0] not in shown:
        lines.append(f"raised at {_line(frames[0])}")
    cause = summary.__cause__ or (None if summary.__suppress_context__ else summary.__context__)
    if cause:
        lines.append(f"caused by {excerpt(''.join(cause.format_exception_only()).strip())}")
    return "\n  ".join(lines)


def _line(frame: traceback.FrameSummary) -> str:
    name = frame.filename.removeprefix(f"{ROOT}{os.sep}")
    return f"{name}:{frame.lineno} in {frame.name}: {shortened(frame.line or '')}".rstrip(": ")
