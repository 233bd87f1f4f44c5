"""Events of a function while it runs: whoever runs it is notified."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_listener: ContextVar[Callable[..., None]] = ContextVar("listener")


def notify(event: str, **details: object) -> None:
    """Notify the code that runs the function that calls this. Raises `LookupError` if there is none."""
    _listener.get()(event, **details)


@contextlib.contextmanager
def heard_by(listener: Callable[..., None]) -> Iterator[None]:
    """`listener(event, **details)` is called for the events inside."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
