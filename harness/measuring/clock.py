"""A clock that pytest-benchmark reads while durations measured elsewhere are played back."""

from collections.abc import Sequence


class VirtualClock:
    """A clock that shows the time to which it was set, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def set(self, seconds: float) -> None:
        """Set the time."""
        self.now = seconds


CLOCK = VirtualClock()  # the timer that every benchmark names in its mark


def replay(benchmark, samples: Sequence[float]) -> None:
    """Record exactly `samples`, in seconds, as the rounds of pytest-benchmark's fixture `benchmark`."""
    remaining = iter(samples)
    benchmark.pedantic(
        lambda: CLOCK.set(next(remaining)),
        setup=lambda: CLOCK.set(0.0),  # the difference of two readings is exact only from zero
        rounds=len(samples),
    )
