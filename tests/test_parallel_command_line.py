"""`python -m harness.parallel pytorch` trains in two processes, or ends with one line that names the error."""

import re
import subprocess
import sys

import pytest

from harness import ROOT
from tests.project import require

pytestmark = pytest.mark.parallel


@pytest.fixture
def run(dataset):
    require("torch", "torchvision")

    def run(*arguments):
        command = [sys.executable, "-m", "harness.parallel", "pytorch", "--data-dir", dataset.directory, *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)

    return run


def test_it_prints_accuracy_and_seconds(run):
    done = run("--processes", "2", "--epochs", "1")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    found = re.fullmatch(r"test accuracy (\d\d\.\d\d)%, loss 0\.\d{4}; 2 processes, \d+\.\d s an epoch", last)
    assert found, last
    assert float(found[1]) > 94


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--batch-size", "127"), "error: a batch of 127 images cannot be divided by 2 processes"),
        (("--processes", "0"), "error: --processes must be in 1..64, got 0"),
    ],
    ids=["uneven", "none"],
)
def test_bad_input_is_one_line(run, arguments, line):
    done = run(*arguments)
    assert (done.returncode, done.stderr.splitlines()) == (1, [line])
