"""A program that cannot run a worker is refused in one line, before a worker is started under it."""

import sys

import pytest

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


def test_our_python_is_usable_through_a_noisy_script_too(script, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('a stray file was imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert flaw(sys.executable, 60.0) == ""
    assert flaw(script("#!/bin/sh", "echo a warning >&2", 'exec $PYTHON "$@"'), 60.0) == ""


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["exit 0"], "Exec format error"),
        (["#!/bin/sh", "exit 3"], "status 3"),
        (["#!/bin/sh", "echo the licence has expired >&2; exit 1"], "the licence has expired"),
        (["#!/bin/sh", "exec cat"], "says nothing"),
        (["#!/bin/sh", "exec yes"], "'y'"),
        (["#!/bin/sh", "echo Python 2.7"], "Python 2.7"),
        (["#!/bin/sh", 'exec $PYTHON -S "$@"'], "No module named 'numpy'"),
    ],
    ids=["no shebang", "exits", "complains", "cat", "yes", "2.7", "no numpy"],
)
def test_flaw_is_a_line_with_the_output(script, lines, found):
    python = script(*lines)
    line = flaw(python, 60.0)
    assert python in line
    assert found in line
    assert "\n" not in line
    assert len(line) < 600


@pytest.mark.parametrize(
    ("name", "found"), [(".", "Permission denied"), ("no-such-file", "No such file")], ids=["folder", "none"]
)
def test_flaw_of_what_cannot_be_executed(tmp_path, name, found):
    assert found in flaw(str(tmp_path / name), 60.0)


def test_a_python_that_hangs_is_ended_with_all_that_it_has_started(script, tmp_path):
    python = script("#!/bin/sh", f"sleep 1000 & echo $! >{tmp_path}/started; sleep 1000")
    assert "3 s (--worker-timeout" in flaw(python, 3.0)
    assert comes_true(lambda: has_ended(int((tmp_path / "started").read_text())))
