"""A pair is asked at once or in turns, and who fails is told apart from who does not."""

import threading

import pytest

from harness.measuring.timing import Unmeasurable
from harness.measuring.workload import block
from harness.regression.pair import CandidateFailed, Pair, started
from harness.workers.worker import WorkerDied
from impls import PackageNotInstalled
from impls.contract import Settings
from tests.fakes import FakeWorker

FAILS = "the candidate fails where the baseline does not"


def test_both_are_asked_at_once():
    """Each answers when the other has been asked, too."""
    meeting = threading.Barrier(2, timeout=10)
    workers = [FakeWorker(), FakeWorker()]
    for number, worker in enumerate(workers):
        worker.run = lambda method, number=number: (meeting.wait(), number)[1]
    assert Pair("numpy", Settings(), None, workers).run("what") == (0, 1)


@pytest.mark.parametrize(("turn", "order"), [(0, "ab"), (1, "ba"), (2, "ba"), (3, "ab")])
def test_in_turns_nobody_always_follows_the_other(turn, order):
    asked = []
    workers = [FakeWorker(), FakeWorker()]
    for name, worker in zip("ab", workers, strict=True):
        worker.run = lambda task, name=name: (asked.append(name), name)[1]
    assert Pair("numpy", Settings(), None, workers).run_in_turn(turn, block) == ("a", "b")
    assert "".join(asked) == order


@pytest.mark.parametrize("how", ["run", "run_in_turn"])
@pytest.mark.parametrize(
    ("baseline", "candidate", "raised", "said"),
    [
        (
            None,
            MemoryError("full"),
            CandidateFailed,
            "the candidate fails where the baseline does not: MemoryError: full",
        ),
        (
            None,
            WorkerDied("gone"),
            CandidateFailed,
            "the candidate fails where the baseline does not: WorkerDied: gone",
        ),
        (None, PackageNotInstalled("no jax"), PackageNotInstalled, "no jax"),
        (None, Unmeasurable("it spins"), Unmeasurable, "it spins"),
        (ValueError("x"), None, ValueError, "x"),
        (ValueError("x"), MemoryError("full"), ValueError, "x"),
    ],
)
def test_who_fails_is_told_apart(how, baseline, candidate, raised, said):
    pair = Pair("numpy", Settings(), None, (FakeWorker(block=baseline), FakeWorker(block=candidate)))
    arguments = (0, block) if how == "run_in_turn" else (block,)
    with pytest.raises(raised) as caught:
        getattr(pair, how)(*arguments)
    assert str(caught.value) == said


def test_a_worker_that_cannot_start_ends_the_other():
    closed = []

    def start(participant):
        if participant.name == "candidate":
            raise WorkerDied("no such file")
        worker = FakeWorker()
        worker.close = lambda: closed.append(participant.name)
        return worker

    with pytest.raises(CandidateFailed, match="no such file"), started("numpy", "ab", Settings(), None, start, (0, 0)):
        pass
    assert "baseline" in closed


def test_each_worker_has_its_python_and_its_lane():
    started_ = []

    def start(participant):
        started_.append((participant.name, participant.python, participant.lane))
        return FakeWorker()

    with started("numpy", ("old", "new"), Settings(), None, start, (1, 2)) as pair:
        assert pair.is_running()
    assert sorted(started_) == [("baseline", "old", 1), ("candidate", "new", 2)]
