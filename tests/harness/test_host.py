"""A worker on another machine does what one here does: shown over ssh and over a socket."""

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import impls
from harness.measuring.usage import peak_memory
from harness.workers import variables
from harness.workers.host import Host, Unreachable, _packed
from harness.workers.interpreter import Unusable
from harness.workers.worker import Worker, WorkerDied
from impls.contract import Settings

SSHD = shutil.which("sshd", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
SSHD_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/key
AuthorizedKeysFile {folder}/key.pub
StrictModes no
PidFile none
SetEnv HOME={home}
"""
SSH_CONFIG = """
Host there
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/key
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def server(command, sign_of_life, **options):
    """A process that runs until the end of the block, which begins when it has said so."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options) as process:
        try:
            for line in process.stdout:
                if sign_of_life in line:
                    break
            yield
        finally:
            process.kill()


@contextlib.contextmanager
def over_socket(folder, home):
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-u", "-m", "execnet.script.socketserver", address]
    with server(command, "Entering Accept loop", cwd=home, env={**os.environ, "HOME": str(home)}):
        yield f"socket={address}"


@contextlib.contextmanager
def over_ssh(folder, home):
    if not SSHD:
        pytest.skip("sshd is not installed")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    names = {"port": free_port(), "folder": folder, "home": home}
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(**names))
    (folder / "ssh_config").write_text(SSH_CONFIG.format(**names))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # which root's sshd insists on
    with server([SSHD, "-D", "-e", "-f", folder / "sshd_config"], "listening"):
        yield f"ssh=there//ssh_config={folder / 'ssh_config'}//python={sys.executable}"


@pytest.fixture(params=[over_socket, over_ssh], ids=["socket", "ssh"])
def host(request, tmp_path):
    """A connection to this machine as to another, where the user's home is an empty folder."""
    home = tmp_path / "home"
    home.mkdir()
    with request.param(tmp_path, home) as spec:
        host = Host(spec)
        yield host
        host.close()


def test_what_a_worker_needs_is_brought_once(host, dataset, tmp_path):
    there = Path(host.bring(Path(dataset.directory)))
    assert tmp_path / "home" in there.parents
    brought = {path: path.stat().st_mtime_ns for path in there.rglob("*")}
    assert there / "harness" / "workers" / "child.py" in brought
    assert host.bring(Path(dataset.directory)) == str(there)
    assert {path: path.stat().st_mtime_ns for path in there.rglob("*")} == brought
    assert [path.name for path in there.parent.iterdir()] == [there.name]


def test_two_workers_live_there_at_once_and_answer(host, dataset):
    there = host.bring(Path(dataset.directory))
    images = type(dataset).at(Path(there)).test.images.first(3)
    workers = [Worker(name, root=there, host=host) for name in ("baseline", "candidate")]
    for worker in workers:
        worker.build(impls.load, "numpy", Settings())
    first, second = (worker.call("logits", images) for worker in workers)
    assert first.shape == (3, 10)
    np.testing.assert_array_equal(first, second)
    assert all(worker.do(peak_memory) > 20e6 for worker in workers)
    workers[0].close()
    assert not workers[0].is_running()
    assert [Path(worker.folder).exists() for worker in workers] == [False, True]
    np.testing.assert_array_equal(workers[1].call("logits", images), second)
    workers[1].close()


def test_a_worker_that_dies_there_is_reported(host, dataset):
    there = host.bring(Path(dataset.directory))
    worker = Worker("numpy", root=there, host=host)
    worker.build(impls.load, "numpy", Settings())
    (Path(worker.folder) / "stderr").write_text("a library complains")
    os.kill(worker.number, 9)  # this host's processes are ours
    with pytest.raises(WorkerDied, match=r"the worker of numpy died during 'parameter_count'.*\n  a library complains"):
        worker.call("parameter_count")
    assert not Path(worker.folder).exists()


def test_an_interpreter_there_that_is_none_is_said_to_be_none(host, dataset):
    there = host.bring(Path(dataset.directory))
    with pytest.raises(Unusable, match="/bin/true is no usable interpreter"):
        Worker("numpy", root=there, host=host, python="/bin/true")


def test_two_versions_are_compared_there(project, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    interpreters = [f"--{side}-python={sys.executable}" for side in ("baseline", "candidate")]
    with over_socket(tmp_path, home) as spec:
        chosen = ("-m", "regression", "--framework", "numpy", "-k", "gradients")
        done = project.run(*chosen, f"--host={spec}", *interpreters)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert list(home.glob(".cache/mnist-frameworks/brought/*/harness"))


def test_what_changes_what_is_measured_there_is_taken_out_there(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    with over_socket(tmp_path, tmp_path) as spec:
        monkeypatch.delenv("MALLOC_ARENA_MAX")
        monkeypatch.delenv("OMP_WAIT_POLICY")
        host, taken_out = Host(spec), []
        there = host.bring(Path(dataset.directory))
        worker = Worker("numpy", root=there, host=host, keep=["OMP_WAIT_POLICY"], on_taken_out=taken_out.append)
        worker.build(impls.load, "numpy", Settings())
        assert "MALLOC_ARENA_MAX" in taken_out[0]
        started_with = Path(f"/proc/{worker.number}/environ").read_bytes()  # this host's processes are ours
        assert b"OMP_WAIT_POLICY=passive" in started_with
        assert b"MALLOC_ARENA_MAX" not in started_with
        assert variables.described(worker.kept) == "OMP_WAIT_POLICY=passive"
        worker.close()
        host.close()


def test_what_is_not_set_there_cannot_be_kept(run_here, tmp_path, monkeypatch):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    interpreters = [f"--{side}-python={sys.executable}" for side in ("baseline", "candidate")]
    with over_socket(tmp_path, tmp_path) as spec:
        monkeypatch.setenv("XLA_FLAGS", "--fast")
        chosen = ("--framework=numpy", "-k", "gradients", f"--host={spec}", "--keep-env=XLA_FLAGS")
        done = run_here(*chosen, *interpreters, "tests/test_regression.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert f"--host {spec}: --keep-env XLA_FLAGS: it is not set" in done.stdout


def test_what_is_no_file_is_not_brought(tmp_path, monkeypatch):
    for room in ("harness", "impls"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "sound.py").touch()
    (tmp_path / "impls" / ".#sound.py").symlink_to("nowhere")
    (tmp_path / "impls" / "folder.py").mkdir()
    os.mkfifo(tmp_path / "impls" / "pipe.py")
    monkeypatch.setattr("harness.workers.host.ROOT", tmp_path)
    with zipfile.ZipFile(io.BytesIO(_packed(tmp_path))) as archive:
        assert archive.namelist() == ["harness/sound.py", "impls/sound.py"]


def test_a_host_that_cannot_be_reached_is_one_clear_error():
    with pytest.raises(Unreachable, match="--host popen//python=/no/such/python: FileNotFoundError: "):
        Host("popen//python=/no/such/python")
