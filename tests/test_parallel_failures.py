"""One of two processes is killed or hangs, or they do not find each other: one clear error in time, and no orphans."""

import signal
import socket
from contextlib import contextmanager

import pytest

from harness.equality.limits import EXACT_HYPERPARAMETERS
from harness.equality.start import start
from harness.equality.trace import trace
from harness.parallel.tasks import stricken
from harness.parallel.team import Team, TeamBroken, places
from harness.workers import family
from impls.contract import NETWORKS, Settings
from tests.processes import comes_true, has_ended
from tests.project import require

pytestmark = pytest.mark.parallel
PACKAGES = {"pytorch": ("torch", "torchvision"), "jax": ("jax", "optax"), "tensorflow": ("tensorflow",)}  # by engine
SETTINGS = Settings(dtype="float64", **EXACT_HYPERPARAMETERS)
STEPS, STRICKEN = 100, 50
SHORT = 30  # seconds of silence that a team is granted where nothing will come


@pytest.fixture(params=PACKAGES)
def engine(request):
    require(*PACKAGES[request.param])
    return request.param


@pytest.fixture
def couple(engine):
    couple = Team(engine, 2)
    yield couple
    couple.close()


@pytest.fixture
def question(dataset):
    return *dataset.train, start(NETWORKS["mlp"].shapes, seed=1)


@contextmanager
def broken(couple):
    """Gives a list of what the error says, which must be one of ours; afterwards nobody of the team may live."""
    said = []
    with pytest.raises(TeamBroken) as caught:
        yield said
    said += str(caught.value).splitlines()
    print(*said, sep="\n")
    for worker in couple.workers:
        assert comes_true(lambda number=worker.number: has_ended(number))
        assert not family.members(worker.folder)


@pytest.mark.parametrize("rank", [0, 1])
def test_killed_in_a_step(couple, question, rank):
    couple.build(SETTINGS)
    questions = [(trace, *question, STEPS), (stricken, *question, STRICKEN, signal.SIGKILL.value)]
    with broken(couple) as said:
        couple.run_each(*(questions if rank == 1 else reversed(questions)))
    assert f"the worker of {couple.variant}, rank {rank} of 2 died during 'stricken': exit code -9, SIGKILL" in said[0]


def test_hanging_in_a_step(couple, question):
    couple.build(SETTINGS)
    couple.timeout = SHORT
    with broken(couple) as said:
        couple.run_each((trace, *question, STEPS), (stricken, *question, STRICKEN, signal.SIGSTOP.value))
    assert said[0].endswith(f"the worker of {couple.variant}, rank 1 of 2 is stopped, as by SIGSTOP")


def test_a_port_that_is_taken(couple):
    """By a program that listens and never says a word."""
    address = couple.places[0].addresses[0]
    host, port = address.split(":")
    with socket.create_server((host, int(port))), broken(couple) as said:
        couple.build(SETTINGS)
    assert said[0].endswith(f"during 'build': {address} is taken by another program")


def test_a_rendezvous_that_never_comes(couple):
    """They wait for a third process, which nobody starts."""
    addresses = (*couple.places[0].addresses, *places(1)[0].addresses)
    couple.places = [place._replace(addresses=addresses) for place in couple.places]
    couple.timeout = SHORT
    with broken(couple) as said:
        couple.build(SETTINGS)
    assert said == [f"{couple.variant}: all 2 processes were ended during 'build': nobody was heard for {SHORT} s"]
