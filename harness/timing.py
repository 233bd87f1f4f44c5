"""The one place where time is taken: around an operation and the device's word that it is done."""

import time
from collections.abc import Callable


def durations(
    operation: Callable[[], object],
    synchronize: Callable[[], None],
    rounds: int,
    warmup: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Seconds of each of `rounds` calls of `operation`, after `warmup` untimed calls (tracing, compiling, caches).

    `synchronize` is called before the clock starts and before it stops, so no work of another call is inside and none
    of this call is outside. Raises `ValueError` if `rounds` is not positive, and `RuntimeError` for a duration of zero
    or below, which no operation can take.
    """
    if rounds < 1 or warmup < 0:
        raise ValueError(f"rounds must be at least 1 and warmup at least 0, got {rounds} and {warmup}")
    for _ in range(warmup):
        operation()
    samples = []
    for _ in range(rounds):
        synchronize()
        start = clock()
        operation()
        synchronize()
        samples.append(clock() - start)
    if min(samples) <= 0:
        raise RuntimeError(f"the clock measured {min(samples)} s for an operation: it cannot be trusted")
    return samples
