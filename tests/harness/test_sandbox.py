"""Code of a wheel reaches nothing but the folder of its process, when it is imported and when its interpreter starts.

The wheel has a `.pth` file, so its code runs whenever the interpreter of its environment starts.
"""

import json
import os
import socket
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest

import impls
from harness.regression.environments import obtain
from harness.workers import sandbox
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls.contract import Settings
from tests.processes import has_ended, wait_until
from tests.wheels import wheel

SITE = str(Path(np.__file__).parents[1])  # the hostile environment borrows NumPy, which each worker needs
HOSTILE = """
import json, os, socket, sys

def attempt(function):
    try:
        return repr(function())
    except OSError as error:
        return type(error).__name__

def written(path):
    with open(path, "a") as file:
        return file.write("a")

def connected(port):
    with socket.create_connection(("127.0.0.1", port)):
        return True

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import time; time.sleep(1000)"])
    os._exit(0)
os.wait()
attempts = {{
    "key": attempt(lambda: open({home!r} + "/id_rsa").read()),
    "names in the home": attempt(lambda: os.listdir({home!r})),
    "variables of another process": attempt(lambda: open("/proc/{process}/environ").read()),
    "signal": attempt(lambda: os.kill({process}, 0)),
    "socket": attempt(lambda: connected({port})),
    "socket of another kind": attempt(lambda: socket.socket(socket.AF_UNIX)),
    "file in the home": attempt(lambda: written({home!r} + "/written")),
    "its own module": attempt(lambda: written(__file__)),
    "its own home": attempt(lambda: os.listdir(os.environ["HOME"])),
    "its own file": attempt(lambda: written(os.environ["TMPDIR"] + "/written")),
    "secrets": [name for name, value in os.environ.items() if "secret" in value],
}}
print(json.dumps(attempts), file=sys.stderr, flush=True)
"""
HARMLESS = {"its own home": "[]", "its own file": "1", "secrets": []}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The home of the user, with a key. Two variables hold secrets."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "id_rsa").write_text("secret")
    for name, value in {"HOME": str(home), "A_TOKEN": "secret", "HTTPS_PROXY": "http://user:secret@127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def listener():
    """A listening socket of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture
def python(home, listener, wheels, tmp_path):
    """The interpreter of an environment with the hostile wheel, which was imported when the environment was built."""
    code = HOSTILE.format(home=str(home), process=os.getpid(), port=listener.getsockname()[1])
    wheel(wheels, "toyhostile", "1.0", code=code, more={"toyhostile.pth": f"{SITE}\nimport toyhostile\n"})
    return str(obtain(["toyhostile"], ["toyhostile"], tmp_path / "environments"))


@pytest.mark.skipif(bool(sandbox.problem()), reason=sandbox.problem())
def test_hostile_wheel_reaches_nothing_and_leaves_nothing(python, home, listener):
    with closing(Worker(WorkerSpec("numpy", python=python, readable=(SITE,)))) as worker:
        worker.build(impls.load, "numpy", Settings(threads=1))
        attempts = json.loads(os.pread(worker.stderr.fileno(), 2**16, 0))
        children = psutil.Process(worker.supervisor.pid).children(recursive=True)
    assert len(children) == 2
    assert wait_until(lambda: all(has_ended(child.pid) for child in children))
    if sandbox.version() < 6:
        del attempts["signal"]
    denied = {name: found for name, found in attempts.items() if name not in HARMLESS}
    assert {name: attempts[name] for name in HARMLESS} == HARMLESS
    assert denied == dict.fromkeys(denied, "PermissionError")
    with pytest.raises(BlockingIOError):
        listener.accept()
    assert [path.name for path in home.iterdir()] == ["id_rsa"]


def test_system_without_sandbox_has_the_empty_home_alone(home, monkeypatch):
    monkeypatch.setattr(sandbox, "problem", lambda: "none is known")
    with closing(Worker(WorkerSpec("numpy", readable=()))) as worker:
        variables = worker.process.environ()
    assert Path(variables["HOME"]).parent == Path(worker.folder)
    assert not any("secret" in value for value in variables.values())
