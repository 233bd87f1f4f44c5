"""The processes of a team use no proxy between them, and a silent one is reported with the end of its stderr."""

import threading

import psutil
import pytest

from harness.parallel.team import Team, TeamBroken
from harness.workers.worker import WorkerDied
from tests.fakes import FakeWorker


class Silent(FakeWorker):
    """A worker that gives no answer until it is closed."""

    process = psutil.Process()

    def __init__(self, spec, on_event):
        super().__init__()
        self.spec, self.name, self.on_event, self.closed = spec, spec.name, on_event, threading.Event()

    def run(self, function, *arguments):
        self.closed.wait()
        raise WorkerDied("closed")

    def last_lines(self):
        return f"complaint of {self.name}"

    def close(self):
        self.closed.set()


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setattr("harness.parallel.team.Worker", Silent)
    monkeypatch.setattr("harness.parallel.team.SECONDS_TO_FOLLOW", 0.0)


def test_events_of_rank_0_reach_the_caller():
    events = []
    team = Team("numpy", 2, on_event=lambda *event: events.append(event))
    team.workers[0].on_event("epoch", {"epoch": 1})
    team.workers[1].on_event("epoch", {"epoch": 2})
    assert events == [("epoch", {"epoch": 1})]


def test_silence_is_reported_with_stderr_of_each():
    team = Team("numpy", 2, timeout=0.01)
    with pytest.raises(TeamBroken) as caught:
        team.run("train")
    assert all(f"complaint of numpy, rank {rank}" in str(caught.value) for rank in (0, 1))


@pytest.mark.parametrize(("users", "expected"), [("", "127.0.0.1,localhost"), ("a.org", "a.org,127.0.0.1,localhost")])
def test_processes_use_no_proxy_between_them(monkeypatch, users, expected):
    for name in ("NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", users)
    [worker] = Team("numpy", 1, environment={"A": "1"}).workers
    assert {worker.spec.environment[name] for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy")} == {expected}
    assert worker.spec.environment["A"] == "1"
