"""A worker on another machine does what one here does: shown over execnet's socket gateway."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.host import Host, Unreachable
from harness.proxy import Worker, WorkerDied


@pytest.fixture
def host(tmp_path):
    """The specification of a host: a process of its own, in another folder, whose home is empty."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    home = tmp_path / "home"
    home.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "execnet.script.socketserver", address],
        cwd=home,
        env={**os.environ, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in server.stdout:
        if "Entering Accept loop" in line:
            break
    host = Host(f"socket={address}")
    yield host
    host.close()
    server.kill()
    server.communicate()


def test_what_a_worker_needs_is_brought_once(host, mnist, tmp_path):
    there = Path(host.bring(Path(mnist.directory)))
    assert tmp_path / "home" in there.parents
    brought = {path: path.stat().st_mtime_ns for path in there.rglob("*")}
    assert there / "harness" / "worker.py" in brought
    assert host.bring(Path(mnist.directory)) == str(there)
    assert {path: path.stat().st_mtime_ns for path in there.rglob("*")} == brought
    assert [path.name for path in there.parent.iterdir()] == [there.name]


def test_two_workers_live_there_at_once_and_answer(host, mnist):
    there = host.bring(Path(mnist.directory))
    images = type(mnist).at(Path(there)).test.images.first(3)
    workers = [Worker(name, root=there, host=host) for name in ("baseline", "candidate")]
    for worker in workers:
        worker.call("build", "numpy", {})
    first, second = (worker.call("logits", images) for worker in workers)
    assert first.shape == (3, 10)
    np.testing.assert_array_equal(first, second)
    assert all(worker.call("peak_memory") > 20e6 for worker in workers)
    workers[0].close()
    assert not workers[0].is_running()
    np.testing.assert_array_equal(workers[1].call("logits", images), second)
    workers[1].close()


def test_a_worker_that_dies_there_is_reported(host, mnist):
    there = host.bring(Path(mnist.directory))
    worker = Worker("numpy", root=there, host=host)
    worker.call("build", "numpy", {})
    os.kill(worker.number, 9)  # this host's processes are ours
    with pytest.raises(WorkerDied, match="the worker of numpy died during 'parameter_count'"):
        worker.call("parameter_count")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # execnet leaves its socket open
def test_a_host_that_is_not_there_is_one_clear_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable, match=f"--host socket={address}: "):
        Host(f"socket={address}")
