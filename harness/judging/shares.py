"""A limit of time that several samplings share. The time between them does not count."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass
class Shares:
    """The seconds that are left for the samplings that are left. `clock()` returns seconds."""

    seconds: float
    samplings: int
    clock: Callable[[], float] = time.monotonic

    @contextlib.contextmanager
    def next(self) -> Iterator[float]:
        """Yield the seconds of the next sampling, an equal share. Those that it takes are subtracted at its end."""
        began = self.clock()
        try:
            yield self.seconds / self.samplings
        finally:
            self.seconds = max(0.0, self.seconds - (self.clock() - began))
            self.samplings -= 1
