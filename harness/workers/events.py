"""What happens on the way: whoever runs a task hears what the task tells."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_listener: ContextVar[Callable[..., None]] = ContextVar("listener")


def notify(event: str, **details: object) -> None:
    """Tell whoever runs the task that calls this, now. Raises `LookupError` if nobody does."""
    _listener.get()(event, **details)


@contextlib.contextmanager
def heard_by(listener: Callable[..., None]) -> Iterator[None]:
    """`listener(event, **details)` hears what is told inside."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
