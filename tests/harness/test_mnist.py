"""MNIST is in the cache completely and verified, or one error says why not; nothing is left half-written."""

import gzip
import os
import threading

import filelock
import pytest

from harness.data import sources
from harness.data.idx import DataError
from harness.data.obtain import obtain
from harness.regression import environments
from harness.regression.requirements import NotBuilt
from impls.contract import DATASET
from tests.other_user import full_disk, no_home, no_permission, unprivileged

pytestmark = pytest.mark.usefixtures("small", "cache")
NAMES = tuple(DATASET.files)


def files_in(folder):
    """Return name -> content of the files below a folder, but for the lock."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.fixture
def given(tmp_path, small):
    """A folder of the user with the small files, raw in MNIST/raw/."""
    raw = tmp_path / "given" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in small.items():
        (raw / name).write_bytes(content)
    return tmp_path / "given"


def test_raw_files_are_used_where_they_are(cache, given):
    assert obtain(given) == obtain(given / "MNIST" / "raw") == given
    assert not cache.exists()


def test_files_in_another_form_are_copied_to_the_cache(cache, tmp_path, small):
    for name, content in small.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    assert obtain(tmp_path) == cache
    assert files_in(cache) == small


def test_folder_without_a_file_is_an_error_and_no_download(cache, given):
    (given / "MNIST" / "raw" / NAMES[3]).unlink()
    with pytest.raises(DataError, match=NAMES[3]):
        obtain(given)
    assert not cache.exists()


def test_environment_variable_names_the_folder(cache, given, monkeypatch):
    monkeypatch.setenv("HOME", str(given.parent))
    monkeypatch.setenv("MNIST_DIR", "~/given")
    assert obtain() == given
    for named in (str(given / "missing"), "~no-such-user/data"):
        monkeypatch.setenv("MNIST_DIR", named)
        with pytest.raises(DataError, match=named):
            obtain()
    monkeypatch.setenv("MNIST_DIR", "")
    assert obtain() == cache


def test_user_without_a_home_must_name_a_folder(given, monkeypatch):
    no_home(monkeypatch)
    assert obtain(given) == given
    with pytest.raises(DataError, match="--data-dir"):
        obtain()


def test_cache_that_is_a_link_to_nothing_is_named(cache, tmp_path):
    cache.parent.mkdir()
    cache.symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match=str(cache)):
        obtain()
    with pytest.raises(NotBuilt, match=str(cache)):
        environments.folder()


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"damaged"), os.mkfifo], ids=["damaged", "pipe"])
def test_damaged_file_of_the_cache_is_replaced(cache, small, damage):
    path = obtain() / "MNIST" / "raw" / NAMES[0]
    path.unlink()
    damage(path)
    obtain()
    assert files_in(cache) == small


def test_complete_cache_of_another_user_is_only_read(public, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(public))
    cache = obtain()
    (cache / ".lock").chmod(0)
    with no_permission(cache / "MNIST" / "raw", 0o555), unprivileged():
        assert obtain() == cache


def test_full_disk_leaves_no_partial_file(cache, small):
    with full_disk(10), pytest.raises(DataError, match=str(cache)):
        obtain()
    assert files_in(cache) == {}
    obtain()
    assert files_in(cache) == small


def test_interrupted_download_leaves_no_file_and_no_lock(cache, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "SOURCES", {"a source": interrupted})
    with pytest.raises(KeyboardInterrupt):
        obtain()
    assert files_in(cache) == {}
    filelock.FileLock(cache / ".lock").acquire(timeout=0).lock.release()


def test_two_processes_download_once(cache, small, monkeypatch):
    downloads, second_waits = [], threading.Event()

    def slow():
        downloads.append(second_waits.wait(30))
        return small

    monkeypatch.setattr(sources, "SOURCES", {"a source": slow})
    say = lambda line: "waiting" in line and second_waits.set()  # noqa: E731
    threads = [threading.Thread(target=obtain, kwargs={"say": say}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert downloads == [True]
    assert files_in(cache) == small
