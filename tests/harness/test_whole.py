"""A file is written whole or not at all."""

import os
import threading

import pytest

from harness.data import whole


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path):
    (tmp_path / "report").write_text("old")
    whole.write(tmp_path / "report", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert (tmp_path / "report").read_text() == "new"


def test_what_could_not_be_finished_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "report").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        whole.write(tmp_path / "report", "a lone surrogate cannot be written: \ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert (tmp_path / "report").read_text() == "old"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to("there")
    whole.write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "new"


def test_a_pipe_is_written_to_as_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    whole.write(tmp_path / "pipe", "new")
    reader.join()
    assert read == ["new"]


def test_a_file_in_a_folder_that_takes_no_other_is_written_in_place(tmp_path, monkeypatch):
    (tmp_path / "report").write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with whole.replacing(tmp_path / "report") as file:
        assert file == tmp_path / "report"
