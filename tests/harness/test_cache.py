"""A cache that leads nowhere, and a cached file that is damaged, are named in one line."""

import shutil
import sys

import pytest

from harness.data.idx import DataError
from harness.data.obtain import obtain
from harness.regression.environments import NotBuilt, folder
from impls.__main__ import main
from impls.contract import DATASET
from tests.small import empty_cache, silent

cache = pytest.fixture(empty_cache)


@pytest.mark.parametrize("link", [".", "MNIST"])
def test_cache_that_is_a_link_to_nothing_is_named(cache, tmp_path, link):
    place = cache / link
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match=f"{place} is a link to .*gone"):
        obtain(say=silent)
    with pytest.raises(NotBuilt, match=str(place)):
        folder()


def test_command_refuses_a_damaged_file(tmp_path, dataset, monkeypatch):
    raw = shutil.copytree(DATASET.raw(dataset.directory), DATASET.raw(tmp_path))
    labels = raw / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x0b")
    monkeypatch.setattr(sys, "argv", ["impls", "numpy", "--epochs", "1", "--data-dir", str(tmp_path)])
    with pytest.raises(SystemExit, match=str(labels)):
        main()
