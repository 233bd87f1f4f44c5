"""An implementation in this process, a worker or `pytest --in-process`, and the functions that run on it."""

import contextlib
import inspect
import time
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from harness import tally
from harness.data.lazy import LazyArray
from harness.workers.excerpt import excerpt
from harness.workers.wire import dumps
from impls.adapter import Adapter

WARNINGS = 20  # different ones that a process may give
KEPT = 8  # networks with their first state; in float64, an MLP takes 26 MB with Adam's moments

_listener: ContextVar[Callable[..., None]] = ContextVar("listener")


def notify(event: str, **details: object) -> None:
    """Pass an event to the session of the running function. Raises `LookupError` if there is none."""
    _listener.get()(event, **details)


class FirstState(NamedTuple):
    """A network, how it was built, and its checkpoint before its first step."""

    built_from: tuple
    implementation: Adapter
    checkpoint: dict[str, np.ndarray]


class Session:
    """An implementation, and the functions that are run on it.

    `notify(event, **details)` is called for the events of these functions, and for each "warning" (message).
    """

    def __init__(self, notify: Callable[..., None]):
        self.notify = notify
        self.built_from: tuple | None = None
        self.implementation: Adapter | None = None
        self.first_states: dict[bytes, FirstState] = {}  # by `dumps` of how it is built
        self.warned: set[str] = set()

    def build(self, make: Callable[..., Adapter], *arguments: Any) -> float:
        """Build `make(*arguments)`, unless it is there already, and unchanged. Return the seconds that it took."""
        started = time.perf_counter()
        if self.built_from != (make, *arguments):
            self.built_from = None
            self.implementation = self.run(make, *arguments)
            self.built_from = (make, *arguments)
            tally.add("build")
        return time.perf_counter() - started

    def obtain(self, make: Callable[..., Adapter], *arguments: Any) -> None:
        """Do as `build`, but give a network that was built alike its first state back, as compiling takes seconds."""
        alike = dumps((make, *arguments))
        if alike in self.first_states:
            first = self.first_states[alike] = self.first_states.pop(alike)  # the last one, as it was used last
            if self.built_from is not first.built_from:
                self.implementation = first.implementation
                self.implementation.configure()
                self.run("set_checkpoint", first.checkpoint)
                self.built_from = first.built_from
            return
        self.build(make, *arguments)
        with contextlib.suppress(Exception):  # a network without a checkpoint is always built anew
            checkpoint = self.implementation.get_checkpoint()
            self.first_states[alike] = FirstState(self.built_from, self.implementation, checkpoint)
        if len(self.first_states) > KEPT:
            del self.first_states[next(iter(self.first_states))]

    def run(self, function: Callable | str, *arguments: Any) -> Any:
        """Return `function(*arguments)`. A string names a method of the implementation.

        A function whose first parameter is called `implementation` gets the implementation, before the arguments. Each
        `LazyArray` among the arguments is replaced by its array.
        """
        marked = getattr(Adapter, function, None) if isinstance(function, str) else function
        if getattr(marked, "changes_state", False):
            self.built_from = None
        if isinstance(function, str):
            function = getattr(self.implementation, function)
        elif next(iter(inspect.signature(function).parameters), "") == "implementation":
            arguments = (self.implementation, *arguments)
        with contextlib.ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            stack.callback(_listener.reset, _listener.set(self.notify))
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_: self._warn(excerpt(str(message)))
            arguments = tuple(each.array() if isinstance(each, LazyArray) else each for each in arguments)
            tally.add_training(function, arguments)
            return function(*arguments)

    def _warn(self, message: str) -> None:
        """Notify of each warning once, and of no more than `WARNINGS`."""
        if message not in self.warned and len(self.warned) >= WARNINGS:
            message = "more warnings than these: they are not shown"
        if message not in self.warned:
            self.warned.add(message)
            self.notify("warning", message=message)
