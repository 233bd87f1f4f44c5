"""Under pytest-xdist: each process has its share of the cores; tests that share a worker or a file share a process."""

import re
from functools import cache

import pytest
from xdist.scheduler import LoadScopeScheduling

import impls


@cache
def _naming() -> re.Pattern[str]:
    """Return a pattern of the longest name of a variant or framework among the parameters of a test."""
    known = impls.variants().values()
    names = {name for variant in known for name in (variant.name, variant.implementation, *variant.packages)}
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"\[(?:.*?-)??({longest_first})(?:-.*)?\]$")


def group(nodeid: str) -> str:
    """Return the variant or framework among the parameters of a test in tests/; otherwise its file."""
    file, _, test = nodeid.partition("::")
    named = _naming().search(test)
    return named[1] if named and file.count("/") == 1 else file


# Runs in the new process before it imports anything: NumPy starts a thread for each core when it is imported, and idle
# threads that spin on the cores of others slow down all.
TAKE_SHARE = """
import os
number, processes = channel.receive()
if hasattr(os, "sched_setaffinity"):
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[number % processes :: processes] or cores)
"""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Bind a new process of pytest-xdist, and the workers that it will start, to its share of the cores."""
    channel = node.gateway.remote_exec(TAKE_SHARE)
    channel.send((int(node.gateway.id.removeprefix("gw")), node.workerinput["workercount"]))
    channel.waitclose()


class Scheduling(LoadScopeScheduling):
    """A schedule that sends all tests of a group to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Scheduling | None:
    """Schedule by group, unless `--dist` names another way."""
    return Scheduling(config, log) if config.option.dist == "load" else None
