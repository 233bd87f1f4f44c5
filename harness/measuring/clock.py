"""A clock that pytest-benchmark reads while durations measured elsewhere are played back."""

from collections.abc import Sequence


class VirtualClock:
    """Stands still until it is told to advance. Reads in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def reset(self) -> None:
        self.now = 0.0


CLOCK = VirtualClock()  # the timer that every benchmark names in its mark


def replay(benchmark, samples: Sequence[float]) -> None:
    """Record exactly `samples`, in seconds, as the rounds of pytest-benchmark's fixture `benchmark`."""
    remaining = iter(samples)
    benchmark.pedantic(
        lambda: CLOCK.advance(next(remaining)),
        setup=CLOCK.reset,  # the difference of two readings is exact only from zero
        rounds=len(samples),
    )
