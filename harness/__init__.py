"""How the implementations are compared: data, processes, clocks, and the pytest plugin. Imports no framework."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent  # holds harness/ and impls/: what a worker needs

# A process of pytest-xdist and its workers take their share of the cores, before NumPy counts them: on shared ones,
# idle threads that spin slow down everybody.
if "xdist" in sys.modules and "PYTEST_XDIST_WORKER" in os.environ and hasattr(os, "sched_setaffinity"):
    cores, number = sorted(os.sched_getaffinity(0)), int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    os.sched_setaffinity(0, cores[number :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])] or cores)
