"""Pairs of workers of the MLP, as studies start them: outside the sandbox, and without messages."""

from harness.measuring.targets import starter
from harness.regression.pair import Pairs
from harness.workers.launch import WorkerSpec
from impls.contract import Settings
from studies.shared import dataset


def pairs_of_mlp(threads: int = 1) -> Pairs:
    """Return a factory of pairs, with `threads` threads for each framework."""
    return Pairs(Settings(threads=threads), dataset(), starter(WorkerSpec("", threads=threads), lambda *_: None))
