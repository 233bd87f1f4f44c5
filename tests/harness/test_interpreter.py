"""Who is named as an interpreter and is none is said to be none, in one line, before anything is entrusted to it."""

import sys

import pytest

from harness.workers import interpreter
from harness.workers.interpreter import flaw
from tests.processes import comes_true, has_ended


@pytest.fixture
def script(tmp_path):
    """Makes an executable file of these lines, in which $PYTHON is the Python of this process."""

    def script(*lines):
        file = tmp_path / "python"
        file.write_text("\n".join(lines).replace("$PYTHON", sys.executable) + "\n")
        file.chmod(0o755)
        return str(file)

    return script


def test_our_own_is_usable_through_a_noisy_script_too(script):
    assert flaw(sys.executable, 60.0) == ""
    assert flaw(script("#!/bin/sh", "echo a warning >&2", 'exec $PYTHON "$@"'), 60.0) == ""


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["exit 0"], "Exec format error"),
        (["#!/bin/sh", "exit 3"], "it says nothing, and ends with status 3"),
        (["#!/bin/sh", "echo the licence has expired >&2; exit 1"], "it says 'the licence has expired', and ends"),
        (["#!/bin/sh", "echo Welcome; exec $PYTHON"], "it says 'Welcome"),
        (["#!/bin/sh", "exec cat"], "it says nothing, and ends with status 0"),
        (["#!/bin/sh", "exec yes"], r"it says 'y\ny\n"),
        (["#!/bin/sh", "printf 'Python 2.7'"], "it is Python 2.7, and 3.10 or later is needed"),
        (["#!/bin/sh", "printf 'Python 3.9'"], "it is Python 3.9, and 3.10 or later is needed"),
        (["#!/bin/sh", 'exec $PYTHON -S "$@"'], "NumPy cannot be imported there: ModuleNotFoundError: No module"),
    ],
    ids=["no shebang", "exits", "complains", "banner", "cat", "yes", "2.7", "3.9", "no numpy"],
)
def test_what_is_wrong_is_said_in_a_line(script, lines, said):
    python = script(*lines)
    found = flaw(python, 60.0)
    assert found.startswith(f"{python} is no usable interpreter: ")
    assert said in found
    assert "\n" not in found
    assert len(found) < 600


@pytest.mark.parametrize(
    ("name", "said"),
    [(".", "Permission denied"), ("no-such-file", "No such file or directory")],
    ids=["folder", "none"],
)
def test_what_cannot_be_run_is_said_in_a_line(tmp_path, name, said):
    assert flaw(str(tmp_path / name), 60.0) == f"{tmp_path / name} is no usable interpreter: {said}"


def test_one_that_hangs_is_ended_with_all_that_it_has_started(script, tmp_path):
    python = script("#!/bin/sh", f"sleep 1000 & echo $! >{tmp_path}/started; sleep 1000")
    assert "it had not told its version after 3 s (--worker-timeout sets the limit)" in flaw(python, 3.0)
    assert comes_true(lambda: has_ended(int((tmp_path / "started").read_text())))


def test_neither_the_current_directory_nor_pythonpath_answers_for_it(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('a stray file was imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    interpreter.flaw.cache_clear()
    assert flaw(sys.executable, 60.0) == ""
