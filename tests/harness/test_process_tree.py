"""A supervised command and all processes that it starts end together, even if the process that ends them is killed."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from harness.workers import process_tree
from tests.processes import comes_true, has_ended

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
PARENT = """
import sys
from harness.workers import process_tree
process_tree.start(sys.argv[2:], sys.argv[1]).wait()
"""


def numbers_of(process):
    return [int(process.stdout.readline()) for _ in range(2)]


def all_end(numbers):
    return comes_true(lambda: all(map(has_ended, numbers)))


@pytest.mark.parametrize(("code", "status"), [("exit(7)", 7), ("import os; os.abort()", 128 + signal.SIGABRT)])
def test_exit_status_is_that_of_the_command(code, status):
    assert process_tree.start([sys.executable, "-c", code], stderr=subprocess.DEVNULL).wait() == status


@pytest.mark.parametrize("stopped", [False, True])
def test_end_reaches_a_process_that_left_the_session(stopped):
    with process_tree.start([sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True) as supervisor:
        numbers = numbers_of(supervisor)
        if stopped:
            psutil.Process(supervisor.pid).suspend()
        process_tree.end(supervisor)
        assert all_end(numbers)
    process_tree.end(supervisor)


def test_orphan_ends_with_a_killed_command():
    with process_tree.start([sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True) as supervisor:
        numbers = numbers_of(supervisor)
        os.kill(numbers[0], signal.SIGKILL)
        assert all_end(numbers)


def test_command_ends_if_the_supervisor_is_killed():
    with process_tree.start([sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True) as supervisor:
        number, orphan = numbers_of(supervisor)
        supervisor.kill()
        assert all_end([number])
        os.kill(orphan, signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_command_and_folder_end_with_the_parent(tmp_path, how):
    folder = tmp_path / "folder"
    folder.mkdir()
    command = [sys.executable, "-c", PARENT, str(folder), sys.executable, "-c", FORKS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        numbers = numbers_of(parent)
        parent.send_signal(how)
        assert all_end(numbers)
        assert comes_true(lambda: not folder.exists())
