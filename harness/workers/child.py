"""Runs in the worker process: waits for commands, carries them out one by one, and answers each."""

import faulthandler
import os
import threading
import traceback
from pathlib import Path
from typing import Any

from harness import ROOT
from harness.workers import family, processors, variables
from harness.workers.excerpt import excerpt, shortened
from harness.workers.session import Session
from harness.workers.wire import decode, encode, is_ours

FRAMES = 3  # told of an error: the deepest of impls/ and who called it


def serve(channel, folder: str, threads: int | None, lane: int) -> None:
    """Answer commands `(number, verb, arguments)`, each a method of `Session`, until the channel closes.

    `folder` is that of the family.

    Each answer is `(number, "ok", value)` or `(number, "error", type, message, place)`, with the number of its command;
    a type that is ours is encoded, another named. Any number of `(number, "event", name, details)` may come before it.
    The start is answered as number 0.
    """
    faulthandler.enable(all_threads=False)
    threading.Thread(target=family.end_with, args=(os.getppid(), folder), daemon=True).start()
    if threads:
        processors.bind(threads, lane)
    os.environ[variables.KERAS_HOME] = variables.keras_home(folder)
    number = 0

    def notify(event: str, **details: Any) -> None:
        channel.send((number, "event", event, details))

    session = Session(notify)
    channel.send((number, "ok", os.getpid()))
    try:
        for number, verb, arguments in channel:
            channel.send((number, *_answer(session, verb, arguments)))
    finally:
        family.end(folder)


def _answer(session: Session, verb: str, arguments: tuple) -> tuple:
    try:
        return ("ok", encode(getattr(session, verb)(*decode(arguments))))
    except (Exception, SystemExit) as error:
        told = traceback.TracebackException.from_exception(error, compact=True)  # knows the str of what has none
        kind = encode(type(error)) if is_ours(type(error)) else type(error).__name__
        return ("error", kind, excerpt(str(told)), _place(told))


def _place(told: traceback.TracebackException) -> str:
    """Where it was raised, deepest first: in impls/, if it came through there, and what it was caused by."""
    frames = list(told.stack)[::-1]
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT / "impls")]
    shown = (ours or frames)[:FRAMES]
    lines = [_described(frame) for frame in shown]
    if frames and frames[0] not in shown:
        lines.append(f"raised at {_described(frames[0])}")
    cause = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    if cause:
        lines.append(f"caused by {excerpt(''.join(cause.format_exception_only()).strip())}")
    return "\n  ".join(lines)


def _described(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return f"{name}:{frame.lineno} in {frame.name}: {shortened(frame.line or '')}".rstrip(": ")
