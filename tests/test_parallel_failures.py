"""If one of two processes dies or hangs, or they do not connect, one error is raised in time and no process remains."""

import signal
import socket
from contextlib import contextmanager
from pathlib import Path

import pytest

import impls
from harness.equality.limits import EXACT_HYPERPARAMETERS
from harness.equality.parameters import random_parameters
from harness.equality.trace import trace
from harness.parallel.team import Team, TeamBroken, places
from impls.contract import NETWORKS, Settings
from tests.observed import trace_and_signal
from tests.processes import has_ended, wait_until
from tests.project import require

pytestmark = pytest.mark.parallel
SETTINGS = Settings(dtype="float64", **EXACT_HYPERPARAMETERS)
STEPS, HALF = 20, 10
SHORT = 15  # timeout in seconds where no message will come


@pytest.fixture(params=["pytorch", "jax", "tensorflow"])
def variant(request):
    require(*impls.variants()[request.param].packages)
    return request.param


@pytest.fixture
def pair(variant):
    pair = Team(variant, 2)
    yield pair
    pair.close()


@pytest.fixture
def call(dataset):
    return *dataset.train, random_parameters(NETWORKS["mlp"].shapes, seed=1)


@contextmanager
def broken(pair):
    """Give a list that will hold the lines of the `TeamBroken` error; no process of the team may remain."""
    lines = []
    with pytest.raises(TeamBroken) as caught:
        yield lines
    lines += str(caught.value).splitlines()
    print(*lines, sep="\n")
    for worker in pair.workers:
        assert wait_until(lambda number=worker.process.pid: has_ended(number))
        assert not Path(worker.folder).exists()


@pytest.mark.parametrize("rank", [0, 1])
def test_killed_in_a_step(pair, call, rank):
    pair.build(SETTINGS)
    questions = [(trace, *call, STEPS), (trace_and_signal, *call, HALF, signal.SIGKILL.value)]
    with broken(pair) as lines:
        pair.run_each(*(questions if rank == 1 else reversed(questions)))
    died = f"the worker of {pair.variant}, rank {rank} of 2 died during 'trace_and_signal': exit code -9, SIGKILL"
    assert died in lines[0]


def test_hanging_in_a_step(pair, call):
    pair.build(SETTINGS)
    pair.timeout = SHORT
    with broken(pair) as lines:
        pair.run_each((trace, *call, STEPS), (trace_and_signal, *call, HALF, signal.SIGSTOP.value))
    assert lines[0].endswith(f"the worker of {pair.variant}, rank 1 of 2 is stopped, as by SIGSTOP")


def test_a_port_that_is_taken(pair):
    """The program listens there and sends nothing."""
    address = pair.places[0].addresses[0]
    host, port = address.split(":")
    with socket.create_server((host, int(port))), broken(pair) as lines:
        pair.build(SETTINGS)
    assert lines[0].endswith(f"during 'build': {address} is taken by another program")


def test_a_rendezvous_that_never_comes(pair):
    """They wait for a third process, which is not started."""
    addresses = (*pair.places[0].addresses, *places(1)[0].addresses)
    pair.places = [place._replace(addresses=addresses) for place in pair.places]
    pair.timeout = SHORT
    with broken(pair) as lines:
        pair.build(SETTINGS)
    assert lines[0] == f"{pair.variant}: all 2 processes were ended during 'build': no message for {SHORT} s"
