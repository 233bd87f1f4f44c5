"""A file is written completely or not at all."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from harness.data import whole


def test_failed_write_keeps_the_old_file(tmp_path):
    (tmp_path / "report").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        whole.write(tmp_path / "report", "a lone surrogate cannot be written: \ud800")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"report": "old"}


def test_killed_write_keeps_the_old_file(tmp_path):
    (tmp_path / "report").write_text("old")
    code = (
        "import os, pathlib, signal\nfrom harness.data import whole\n"
        "with whole.replacing(pathlib.Path('report').absolute()) as file:\n"
        "    file.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "report").read_text() == "old"
    whole.write(tmp_path / "report", "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"report": "new"}


def test_link_stays_a_link(tmp_path):
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to("there")
    whole.write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "new"


def test_pipe_is_written_to_directly(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    whole.write(tmp_path / "pipe", "new")
    reader.join()
    assert read == ["new"]


def test_file_in_a_read_only_folder_is_written_in_place(tmp_path, monkeypatch):
    (tmp_path / "report").write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with whole.replacing(tmp_path / "report") as file:
        assert file == tmp_path / "report"
