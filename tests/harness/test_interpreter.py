"""A program that cannot run a worker is refused in one line, which says why."""

import sys

import numpy as np
import pytest

from harness.regression.installed import versions_with_python
from harness.workers.interpreter import problem
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from tests.processes import has_ended, wait_until


@pytest.fixture
def script(tmp_path):
    """Makes an executable file of these lines, in which $PYTHON is the Python of this process."""

    def script(*lines):
        file = tmp_path / 'it\'s a "path" = so'
        file.write_text("\n".join(lines).replace("$PYTHON", sys.executable) + "\n")
        file.chmod(0o755)
        return str(file)

    return script


def test_noisy_script_at_any_path_may_be_the_interpreter(script):
    python = script("#!/bin/sh", "echo a warning >&2", 'exec $PYTHON "$@"')
    assert problem(python, 60.0) == ""
    worker = Worker(WorkerSpec("numpy", python=python))
    assert worker.run(versions_with_python)["numpy"] == np.__version__
    worker.close()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["exit 0"], "Exec format error"),
        (["#!/bin/sh", "echo the licence has expired >&2; exit 3"], "the licence has expired"),
        (["#!/bin/sh", "exec yes"], "'y'"),
        (["#!/bin/sh", 'exec $PYTHON -S "$@"'], "No module named 'numpy'"),
    ],
    ids=["no shebang", "complains", "yes", "no numpy"],
)
def test_problem_is_a_line_with_the_reason(script, lines, found):
    python = script(*lines)
    line = problem(python, 60.0)
    assert python in line
    assert found in line
    assert "\n" not in line


def test_python_that_hangs_is_ended_with_its_children(script, tmp_path):
    python = script("#!/bin/sh", f"sleep 1000 & echo $! >{tmp_path}/started; sleep 1000")
    assert problem(python, 3.0)
    assert wait_until(lambda: has_ended(int((tmp_path / "started").read_text())))
