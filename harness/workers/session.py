"""What lives in a worker: one implementation, what it was built from, and whatever is asked of it by name."""

import time
import warnings
from collections.abc import Callable
from typing import Any

from harness import tally
from harness.data.reference import Reference
from harness.workers.events import heard_by
from harness.workers.excerpt import excerpt
from impls.adapter import Adapter

WARNINGS = 20  # different ones that a process may give


class Session:
    """One implementation in this process. Lives in a worker, or in pytest itself under `--in-process`.

    `notify(event, **details)` hears what tasks tell on the way, and "warning" (message). Among the arguments, the array
    takes the place of each `Reference`.
    """

    def __init__(self, notify: Callable[..., None]):
        self.notify = notify
        self.built_from: tuple | None = None
        self.implementation: Adapter | None = None
        self.warned: set[str] = set()

    def build(self, make: Callable[..., Adapter], *arguments: Any) -> float:
        """Build it anew as `make(*arguments)`, unless it was built so and nothing has changed it; seconds."""
        started = time.perf_counter()
        if self.built_from != (make, *arguments):
            self.built_from = None
            self.implementation = self.do(make, *arguments)
            self.built_from = (make, *arguments)
            tally.add("build", name=str(next(iter(arguments), "")), seconds=time.perf_counter() - started)
        return time.perf_counter() - started

    def call(self, method: str, *arguments: Any) -> Any:
        """A method of the implementation, by name."""
        self._note_changes(getattr(Adapter, method, None))
        return self.do(getattr(self.implementation, method), *arguments)

    def run(self, task: Callable, *arguments: Any) -> Any:
        """`task(implementation, *arguments)`."""
        self._note_changes(task)
        return self.do(task, self.implementation, *arguments)

    def do(self, function: Callable, *arguments: Any) -> Any:
        """`function(*arguments)`, in this process."""
        with warnings.catch_warnings(), heard_by(self.notify):
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_: self._warn(excerpt(str(message)))
            tally.add_training(function, arguments)
            return function(*map(_resolved, arguments))

    def _note_changes(self, asked: Callable | None) -> None:
        if getattr(asked, "changes_state", False):
            self.built_from = None

    def _warn(self, message: str) -> None:
        """Each warning once, and not more than `WARNINGS`."""
        message = message if len(self.warned) < WARNINGS else "more warnings than these: they are not shown"
        if message not in self.warned:
            self.warned.add(message)
            self.notify("warning", message=message)


def _resolved(argument: Any) -> Any:
    return argument.array() if isinstance(argument, Reference) else argument
