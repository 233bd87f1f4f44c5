"""Two processes with 64 images each train as one process with 128 does, on each framework's own engine.

The referee is impls/numpy.py, in one process, in float64. Each variant has a team of two processes for all tests.
"""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from harness.equality.distance import Distance, distance, largest_distance
from harness.equality.limits import EXACT_HYPERPARAMETERS, STEPS, STEPS_LOSS, STEPS_PARAMETERS, has_convolutions
from harness.equality.start import start
from harness.equality.trace import losses_apart, parameters_apart, trace
from harness.equality.training import float64_gap
from harness.parallel.team import Team, places
from impls.contract import NETWORKS
from impls.parallel import InStep, Place
from tests.fakes import entrant_under_test

pytestmark = pytest.mark.parallel
PROCESSES, BATCH_SIZE = 2, 128
TIMEOUT = 120  # seconds of silence; the longest is the start of two TensorFlows beside other work
ALIKE = 10  # steps, where a hundred would say no more


@pytest.fixture(scope="module")
def teams():
    teams = {}
    yield teams
    for team in teams.values():
        team.close()
