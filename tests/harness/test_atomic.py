"""A file is written completely or not at all."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness import ROOT
from harness.data import atomic

KILLED = """
import os, pathlib, signal, sys
from harness.data import atomic
with atomic.replacing(pathlib.Path(sys.argv[1])) as file:
    file.write_text('half')
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def report(tmp_path):
    (tmp_path / "report").write_text("old")
    return tmp_path / "report"


def test_failed_write_keeps_the_old_file(report):
    with pytest.raises(UnicodeEncodeError):
        atomic.write(report, "a lone surrogate cannot be written: \ud800")
    assert [path.read_text() for path in report.parent.iterdir()] == ["old"]


def test_full_disk_is_reported_with_the_name_of_the_file():
    with pytest.raises(OSError, match="/dev/full"):
        atomic.write(Path("/dev/full"), "new")


def test_killed_write_keeps_the_old_file(report):
    done = subprocess.run([sys.executable, "-c", KILLED, str(report)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert report.read_text() == "old"
    atomic.write(report, "new")
    assert [path.read_text() for path in report.parent.iterdir()] == ["new"]


def test_link_stays_a_link(report):
    link = report.with_name("link")
    link.symlink_to("report")
    atomic.write(link, "new")
    assert link.is_symlink()
    assert report.read_text() == "new"


def test_pipe_is_written_to_directly(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=atomic.write, args=(tmp_path / "pipe", "new"))
    writer.start()
    assert (tmp_path / "pipe").read_text() == "new"
    writer.join()
