"""`python -m impls` says in one line what a user can mend."""

import os
import sys
from types import SimpleNamespace

import pytest

import impls
from impls.__main__ import main
from impls.contract import DATASET
from impls.files import read_dataset
from tests.other_user import no_home


@pytest.fixture
def run(monkeypatch):
    """Run an implementation with the loader `load` and these arguments; what it says when it ends."""
    monkeypatch.delenv("MNIST_DIR", raising=False)

    def run(load, *arguments):
        monkeypatch.setattr(impls, "load", lambda *_: SimpleNamespace(load_dataset=load))
        monkeypatch.setattr(sys, "argv", ["impls", "numpy", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code

    return run


@pytest.fixture
def no_home_directory(monkeypatch):
    no_home(monkeypatch)


def broken(directory):
    raise ValueError(f"read {directory}")


def test_help_needs_no_home(no_home_directory, run, capsys):
    assert run(read_dataset, "--help") == 0
    assert "MNIST_DIR" in capsys.readouterr().out


def test_missing_home_and_data_is_one_line(no_home_directory, run):
    said = run(read_dataset)
    assert said.startswith("error: no MNIST in the cache: no folder for a cache")
    assert "set HOME to an absolute path" in said
    assert "\n" not in said


def test_data_are_read_where_they_are_named(no_home_directory, run, monkeypatch):
    assert "read /here" in run(broken, "--data-dir", "/here")
    monkeypatch.setenv("MNIST_DIR", "/there")
    assert "read /there" in run(broken)
    assert "read /here" in run(broken, "--data-dir", "/here")
    monkeypatch.setenv("HOME", "/home/me")
    assert "read /home/me/data" in run(broken, "--data-dir", "~/data")
    assert "Could not determine home directory" in run(broken, "--data-dir", "~no-such-user/data")
    monkeypatch.setenv("MNIST_DIR", "")
    assert "read /home/me/.cache/mnist-frameworks" in run(broken)


@pytest.mark.parametrize("damage", [lambda raw: raw.mkdir(), lambda raw: raw.touch()], ids=["folder", "file"])
def test_a_directory_without_mnist_is_one_line(run, tmp_path, damage):
    (tmp_path / "MNIST").mkdir()
    damage(tmp_path / "MNIST" / "raw")
    said = run(read_dataset, "--data-dir", str(tmp_path))
    assert said.startswith(f"error: no MNIST in {tmp_path}: [Errno ")
    assert said.endswith("Run `make data`, and name the folder that it prints with --data-dir.")
    assert "\n" not in said


def test_pipe_in_the_place_of_a_file_is_refused(run, tmp_path):
    raw = DATASET.raw(tmp_path)
    raw.mkdir(parents=True)
    os.mkfifo(raw / next(iter(DATASET.files)))
    assert "regular file" in run(broken, "--data-dir", str(tmp_path))


@pytest.mark.parametrize("error", [AssertionError, IndexError, KeyError, RuntimeError, ValueError, OSError])
def test_loader_error_is_one_line(run, error):
    def load(_):
        raise error

    assert run(load, "--data-dir", "/data").startswith(f"error: no MNIST in /data: {error.__name__}. Run")
