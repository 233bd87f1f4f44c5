"""One of two processes is killed or hangs, or they do not find each other: one clear error in time, and no orphans."""

import signal
import socket
from contextlib import contextmanager

import psutil
import pytest

from harness.equality.limits import EXACT_HYPERPARAMETERS
from harness.equality.start import start
from harness.equality.trace import trace
from harness.parallel.stricken import stricken
from harness.parallel.team import Team, TeamBroken, places
from harness.workers import family
from harness.workers.worker import WorkerError
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
def team(engine):
    team = Team(engine, 2)
    yield team
    team.close()


@pytest.fixture
def question(dataset):
    return *dataset.train, start(NETWORKS["mlp"].shapes, seed=1)


@contextmanager
def broken(team):
    """Gives a list of what the error says, which must be one of ours; afterwards nobody of the team may live."""
    said = []
    with pytest.raises(TeamBroken) as caught:
        yield said
    said += str(caught.value).splitlines()
    print(*said, sep="\n")
    for worker in team.workers:
        assert comes_true(lambda number=worker.number: has_ended(number))
        assert not family.members(worker.folder)
