"""A process and all that come of it end together, also when nobody is left to end them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.workers import family
from tests.processes import comes_true, has_ended

FORKS = """
import os, time
print(os.getpid(), flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(1000)
    os._exit(0)
time.sleep(1000)
"""


def start(folder, *around):
    """A family, and the numbers of its two: one, and one that has left its session. `around` starts the first."""
    folder.mkdir()
    mark = [f"{name}={value}" for name, value in family.environment(str(folder)).items()]
    process = subprocess.Popen([*around, "env", *mark, sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True)
    return process, [int(process.stdout.readline()) for _ in range(2)]


def test_who_has_left_the_session_is_found_and_ended(tmp_path):
    process, numbers = start(tmp_path / "one")
    other, others = start(tmp_path / "another")
    with process, other:
        assert sorted(family.members(str(tmp_path / "one"))) == sorted(numbers)
        family.end(str(tmp_path / "one"))
        assert comes_true(lambda: all(map(has_ended, numbers)))
        assert not (tmp_path / "one").exists()
        assert sorted(family.members(str(tmp_path / "another"))) == sorted(others)
        family.end(str(tmp_path / "another"))


def test_a_guarded_command_has_the_exit_status_of_its_own(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit(7)"]
    guarded = [sys.executable, "-I", family.__file__, str(os.getpid()), *command]
    assert subprocess.run(guarded, env=os.environ | family.environment(str(tmp_path)), check=False).returncode == 7


PARENT = """
import os, subprocess, sys
guard, folder, *command = sys.argv[1:]
environment = {**os.environ, "TMPDIR": folder}
command = [sys.executable, "-I", guard, str(os.getpid()), *command]
subprocess.run(command, env=environment, start_new_session=True)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_guarded_command_ends_with_whom_it_is_for(tmp_path, how):
    folder = tmp_path / "family"
    parent, numbers = start(folder, sys.executable, "-c", PARENT, family.__file__, folder)
    with parent:
        parent.send_signal(how)
        assert comes_true(lambda: all(map(has_ended, numbers)))
        assert comes_true(lambda: not folder.exists())


@pytest.mark.parametrize("look", ["stat", "read_bytes"])
def test_a_process_that_ends_while_it_is_looked_at_is_no_member(monkeypatch, look):
    """It was listed, and is gone."""
    method = getattr(Path, look)

    def gone(path, **options):
        if path.name == "environ":
            raise ProcessLookupError
        return method(path, **options)

    monkeypatch.setattr(Path, look, gone)
    assert family.members("/a/folder") == []
