"""The known answers: what is done to baseline and candidate, and the interpreters that do it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import impls
from harness.regression import content
from harness.workers import process_tree
from studies import injected_slowdown


class Slowdown(NamedTuple):
    """The time that a busy processor adds to each step, as a share of the step: at random from `low` to `high`."""

    low: float = 0.0
    high: float = 0.0


class Truth(NamedTuple):
    """What baseline and candidate are, and whether another process keeps a core busy."""

    baseline: Slowdown = Slowdown()
    candidate: Slowdown = Slowdown()
    busy: bool = False

    @property
    def ratio(self) -> float:
        """The mean time of a step of the candidate, divided by that of the baseline."""
        return (2 + sum(self.candidate)) / (2 + sum(self.baseline))


TRUTHS = {
    "aa": Truth(),
    "busy": Truth(busy=True),
    "spread": Truth(Slowdown(0.1, 0.1), Slowdown(0.0, 0.2)),  # equal means, and medians
    "3": Truth(candidate=Slowdown(0.03, 0.03)),
    "5": Truth(candidate=Slowdown(0.05, 0.05)),
    "10": Truth(candidate=Slowdown(0.1, 0.1)),
}


def interpreter(folder: Path, variant: str, slowdown: Slowdown) -> str:
    """Return the interpreter of an environment in `folder`, made at the first call, in which steps are so slow."""
    implementation = impls.variants()[variant].implementation
    times = 1 + slowdown.low, 1 + slowdown.high
    folder.mkdir(exist_ok=True)
    place = folder / f"{implementation}-{slowdown.low:g}-{slowdown.high:g}"
    made = content.interpreter(place)
    return str(made) if made.exists() else injected_slowdown.slower(place, implementation, *times)


@contextlib.contextmanager
def busy_core(wanted: bool) -> Iterator[None]:
    """Keep a core busy meanwhile, if wanted."""
    if not wanted:
        yield
        return
    process = process_tree.start([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process_tree.end(process)
