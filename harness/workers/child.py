"""The worker's side of a worker: wait for commands, carry them out one by one, and answer each."""

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

FRAMES = 3  # of an error that are reported: the deepest of impls/ and its callers


def serve(threads: int | None, lane: int) -> None:
    """Answer commands `(number, verb, arguments)` that come from stdin, a socket, until it is closed.

    The verb is a method of `Session`, the arguments are `dumps(arguments)`. Each answer is `(number, "ok", value)` or
    `(number, "error", type, message, place)`; a type that is not shared is a name. Before it come any number of
    `(number, "event", name, details)`. The start is answered as number 0, with the number of the process.
    """
    faulthandler.enable(all_threads=False)
    connection = _connection()
    if threads:
        processors.bind(threads, lane)
    os.environ["KERAS_HOME"] = variables.keras_home(os.environ["TMPDIR"])
    number, process = 0, os.getpid()

    def answer(*content: Any) -> None:
        send(connection, dumps((number, *content)))

    session = Session(lambda event, **details: answer("event", event, details))
    answer("ok", process)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            number, verb, arguments = loads(receive(connection))
            try:
                answer("ok", getattr(session, verb)(*loads(arguments)))
            except (Exception, SystemExit) as error:
                answer("error", *_described(error))
            if os.getpid() != process:  # a fork has returned from the function, too: its answer is refused by pytest
                os._exit(1)


def _connection() -> socket:
    """The socket that was stdin; what reads stdin from now on finds its end."""
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
    """Where it was raised, deepest first, from impls/ on if it came through there; and its cause."""
    frames = list(summary.stack)[::-1]
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
    path = Path(frame.filename)
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return f"{name}:{frame.lineno} in {frame.name}: {shortened(frame.line or '')}".rstrip(": ")
