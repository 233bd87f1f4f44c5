"""A supervised command ends with all processes that it starts, even if its supervisor is stopped or killed."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from harness.workers import process_tree
from tests.processes import has_ended, wait_until

# Prints its number, and that of a process that has forked twice and left the session.
FORKS = """
import os, signal
print(os.getpid(), flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        signal.pause()
    os._exit(0)
os.wait()
signal.pause()
"""


@pytest.fixture
def supervised():
    """The supervisor of `FORKS`, and the numbers of the two processes."""
    with process_tree.start([sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True) as supervisor:
        yield supervisor, [int(supervisor.stdout.readline()) for _ in range(2)]
        process_tree.end(supervisor)


def test_end_reaches_all_although_the_supervisor_is_stopped(supervised):
    supervisor, numbers = supervised
    psutil.Process(supervisor.pid).suspend()
    process_tree.end(supervisor)
    assert wait_until(lambda: all(map(has_ended, numbers)))


def test_command_ends_if_the_supervisor_is_killed(supervised):
    supervisor, (number, orphan) = supervised
    supervisor.kill()
    assert wait_until(lambda: has_ended(number))
    os.kill(orphan, signal.SIGKILL)
