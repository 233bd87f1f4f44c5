"""Clocks around calls: the time from a call until the device has finished it."""

import gc
import itertools
from collections.abc import Callable
from time import perf_counter, process_time, sleep
from typing import Protocol

TRIES = 3  # before an implementation is refused: a busy machine can delay one read, hardly three in a row
LOOKS = 100  # at whether the process is at rest
SECONDS_BETWEEN_CHECKS = 0.01  # of which an idle process uses next to nothing, and a spinning thread all
MAX_HIDDEN_SHARE = 0.1  # of the measured time, found when the result is read; a copy of the result takes less


class Unmeasurable(RuntimeError):
    """An exception for a measurement that cannot be trusted. The computed results may be right."""


class Work(Protocol):
    """Work that is timed: `call` begins it, `synchronize` waits for it, `read` takes its results into Python."""

    def call(self) -> object:
        """Begin the work."""

    def synchronize(self) -> object:
        """Wait until the work is done."""

    def read(self) -> object:
        """Convert the results to Python values, which waits for them."""


def once(work: Work) -> float:
    """Return the seconds of one call. The first call of all includes tracing and compiling.

    `synchronize` is called before the clock starts and before it stops, so no work of another call is inside and none
    of this call is outside. Raises `Unmeasurable` for a duration of zero or below, which no call can take.
    """
    work.synchronize()
    start = perf_counter()
    work.call()
    work.synchronize()
    return _trusted(perf_counter() - start)


def durations(work: Work, rounds: int, warm_up: float = 0.0) -> list[float]:
    """Return the seconds of each of `rounds` calls, after untimed calls for `warm_up` seconds, one at least.

    Python's garbage collector is off meanwhile, as in `timeit`. Raises as `once`.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        warm_until = perf_counter() + warm_up
        once(work)
        while perf_counter() < warm_until:
            once(work)
        return [once(work) for _ in range(rounds)]
    finally:
        if was_enabled:
            gc.enable()


def laps(run: Callable[[Callable[..., None]], object]) -> list[float]:
    """Return the seconds from the start of `run(on_lap)` to its first call of `on_lap`, and from each to the next.

    Raises `Unmeasurable` as `once` does, and if `on_lap` is never called.
    """
    times = [perf_counter()]
    run(lambda *_: times.append(perf_counter()))
    if len(times) == 1:
        raise Unmeasurable("nothing was measured: the run reported no lap")
    return [_trusted(end - start) for start, end in itertools.pairwise(times)]


def check_synchronize(work: Work, rounds: int) -> None:
    """Raise `Unmeasurable` if `synchronize` returns before the work is done.

    No device can `read` a result before it is computed. The time that it takes longer right after `rounds` timed calls
    than once more was hidden from the clock.
    """
    shares = []
    for _ in range(TRIES):
        measured = sum(durations(work, rounds))
        times = [perf_counter()]
        for _ in range(2):
            work.read()
            times.append(perf_counter())
        first, again = (end - start for start, end in itertools.pairwise(times))
        shares.append((first - again) / measured)
        if shares[-1] <= MAX_HIDDEN_SHARE:
            return
    raise Unmeasurable(
        f"synchronize() does not wait: {min(shares):.0%} of the measured time came on top when the results were read, "
        "so the clock was stopped before the work was done"
    )


def come_to_rest() -> None:
    """Wait until the threads of this process have stopped spinning, as OpenBLAS's do for 0.1 s.

    Raises `Unmeasurable` if they go on for a second: they would slow down the next measurement.
    """
    for _ in range(LOOKS):
        before = process_time()
        sleep(SECONDS_BETWEEN_CHECKS)
        if process_time() - before < SECONDS_BETWEEN_CHECKS / 2:
            return
    raise Unmeasurable("the process does not come to rest: its idle threads spin (is OMP_WAIT_POLICY active?)")


def _trusted(seconds: float) -> float:
    if seconds <= 0:
        raise Unmeasurable(f"the clock measured {seconds} s for an operation: it cannot be trusted")
    return seconds
