"""Events of a function while it runs, for the code that runs it."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_listener: ContextVar[Callable[..., None]] = ContextVar("listener")


def notify(event: str, **details: object) -> None:
    """Pass an event to the listener of the running function. Raises `LookupError` if there is none."""
    _listener.get()(event, **details)


@contextlib.contextmanager
def heard_by(listener: Callable[..., None]) -> Iterator[None]:
    """Call `listener(event, **details)` for each event in the context."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
