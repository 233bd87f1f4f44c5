"""Data parallelism: two processes are compared with the reference in one process."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

import impls
from harness.equality.limits import EXACT_HYPERPARAMETERS
from harness.parallel.team import Team
from harness.plugin.chapter import Chapter
from impls import Case, parallel
from impls.contract import Settings

CHAPTER = Chapter(
    "parallel",
    "compares two-process training with the reference in one process; runs with -m parallel",
    parallel.exists,
    parameters=("team",),
    on_request=True,
)
PROCESSES = 2
ALIGNED = Settings(dtype="float64", batch_size=128, **EXACT_HYPERPARAMETERS)  # in each step, of all processes
TIMEOUT = 120  # seconds without a message: the start of two TensorFlow processes on a busy machine takes 20


@pytest.fixture(scope="module")
def teams() -> Iterator[dict[Case, Team]]:
    """The teams of processes that were started, by variant and network."""
    teams = {}
    yield teams
    for team in teams.values():
        team.close()


@pytest.fixture
def team(request: pytest.FixtureRequest, teams: dict[Case, Team]) -> Team:
    """The variant in two processes, newly built. Skips if a package is missing."""
    variant, network = request.param
    for package in impls.missing(variant):
        pytest.skip(f"{package} is not installed")
    if request.param not in teams or not teams[request.param].is_running():
        teams[request.param] = Team(variant, PROCESSES, TIMEOUT)
    team = teams[request.param]
    team.build(replace(ALIGNED, network=network))
    return team
