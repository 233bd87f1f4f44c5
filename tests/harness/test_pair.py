"""A pair works at once or in turns, and its errors are the candidate's only if the baseline has none."""

import threading

import pytest

from harness.measuring.workload import block
from harness.regression.pair import CandidateFailed, Pair, Pairs
from harness.workers.worker import WorkerDied
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.fakes import FakeWorker


def test_sides_run_at_once():
    """Each answers after the other was called."""
    meeting = threading.Barrier(2, timeout=10)
    workers = [FakeWorker(), FakeWorker()]
    for number, worker in enumerate(workers):
        worker.run = lambda method, number=number: (meeting.wait(), number)[1]
    assert Pair("numpy", Settings(), None, workers).run("what") == (0, 1)


@pytest.mark.parametrize("in_turn", [True, False])
@pytest.mark.parametrize(
    ("baseline", "candidate", "raised"),
    [
        (None, WorkerDied("gone"), CandidateFailed),
        (None, PackageNotInstalled("gone"), PackageNotInstalled),
        (ValueError("gone"), MemoryError("full"), ValueError),
    ],
)
def test_error_is_of_the_candidate_if_only_it_fails(in_turn, baseline, candidate, raised):
    pair = Pair("numpy", Settings(), None, (FakeWorker(block=baseline), FakeWorker(block=candidate)))
    with pytest.raises(raised, match="gone"):
        pair.run_in_turn(0, block) if in_turn else pair.run(block)


def test_worker_that_cannot_start_ends_the_other():
    baseline = FakeWorker()

    def start(target):
        if target.name == "candidate":
            raise WorkerDied("no such file")
        return baseline

    with pytest.raises(CandidateFailed, match="no such file"), Pairs(Settings(), None, start).started("numpy", "ab"):
        pass
    assert baseline.log == [("", "close")]
