"""The one place where time is taken: around an operation and the device's word that it is done."""

import contextlib
import gc
import itertools
import time
from collections.abc import Callable, Iterator

Clock = Callable[[], float]  # seconds

TRIES = 3  # before an implementation is called a cheat: a busy machine can delay one read, hardly three in a row
LOOKS = 100  # at whether the process is at rest
SECONDS_BETWEEN_LOOKS = 0.01  # of which an idle process uses next to nothing, and a spinning thread all
HIDDEN = 0.1  # of the measured time may come to light when the result is read; a copy of the result takes less


class Unmeasurable(RuntimeError):
    """What the clock said cannot be trusted, which is no fault of what was measured."""


def durations(
    operation: Callable[[], object],
    synchronize: Callable[[], None],
    rounds: int,
    settle: float = 0.0,
    clock: Clock = time.perf_counter,
) -> list[float]:
    """Seconds of each of `rounds` calls of `operation`, after untimed calls for `settle` seconds, one at least.

    `synchronize` is called before the clock starts and before it stops, so no work of another call is inside and none
    of this call is outside. Python's garbage collector is off meanwhile, as in `timeit`. Raises `ValueError` if
    `rounds` is not positive, and `Unmeasurable` for a duration of zero or below, which no operation can take.
    """
    if rounds < 1 or settle < 0:
        raise ValueError(f"rounds must be at least 1 and settle at least 0, got {rounds} and {settle}")
    with _no_garbage_collection():
        settled = clock() + settle
        once(operation, synchronize, clock)
        while clock() < settled:
            once(operation, synchronize, clock)
        return [once(operation, synchronize, clock) for _ in range(rounds)]


def once(operation: Callable[[], object], synchronize: Callable[[], None], clock: Clock = time.perf_counter) -> float:
    """Seconds of one call. Of the first one, if nothing went before: with tracing and compiling."""
    synchronize()
    start = clock()
    operation()
    synchronize()
    return _trusted([clock() - start])[0]


def laps(run: Callable[[Callable[..., None]], object], clock: Clock = time.perf_counter) -> list[float]:
    """Seconds from the start of `run(on_lap)` to its first call of `on_lap`, and from each call to the next.

    Raises `Unmeasurable` as `durations` does, and if `on_lap` is never called.
    """
    times = [clock()]
    run(lambda *_: times.append(clock()))
    if len(times) == 1:
        raise Unmeasurable("nothing was measured: the run reported no lap")
    return _trusted([end - start for start, end in itertools.pairwise(times)])


def check_synchronize(
    operation: Callable[[], object],
    synchronize: Callable[[], None],
    read: Callable[[], object],
    rounds: int,
    clock: Clock = time.perf_counter,
) -> None:
    """Raise `Unmeasurable` if `synchronize` returns before the work of `operation` is done.

    `read` takes into Python what the calls have computed, which no device can do before it is computed. Whatever it
    takes longer right after `rounds` timed calls than it takes once more has been hidden from the clock.
    """
    shares = []
    for _ in range(TRIES):
        measured = sum(durations(operation, synchronize, rounds, clock=clock))
        times = [clock()]
        for _ in range(2):
            read()
            times.append(clock())
        hidden = (times[1] - times[0]) - (times[2] - times[1])
        shares.append(hidden / measured)
        if shares[-1] <= HIDDEN:
            return
    raise Unmeasurable(
        f"synchronize() does not wait: {min(shares):.0%} of the measured time came on top when the results were read, "
        "so the clock was stopped before the work was done"
    )


def come_to_rest(
    cpu_seconds: Clock = time.process_time,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Wait until the threads of this process have stopped spinning, as OpenBLAS's do for 0.1 s.

    Raises `Unmeasurable` if they go on for a second: they would slow down whoever is measured next.
    """
    for _ in range(LOOKS):
        before = cpu_seconds()
        wait(SECONDS_BETWEEN_LOOKS)
        if cpu_seconds() - before < SECONDS_BETWEEN_LOOKS / 2:
            return
    raise Unmeasurable("the process does not come to rest: its idle threads spin (is OMP_WAIT_POLICY active?)")


def _trusted(samples: list[float]) -> list[float]:
    if min(samples) <= 0:
        raise Unmeasurable(f"the clock measured {min(samples)} s for an operation: it cannot be trusted")
    return samples


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
