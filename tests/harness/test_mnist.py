"""MNIST is taken only if it is MNIST; what is wrong is said, and nothing half-written stays behind."""

import errno
import hashlib
import os
import runpy
import shutil
import threading
from pathlib import Path

import filelock
import pytest

import harness.data.obtain
from harness.data import sources
from harness.data.idx import BYTES, DataError
from harness.data.obtain import obtain
from impls.contract import DATASET
from impls.files import cache_directory
from tests.stranger import forbidden, leave_home, powerless, public_folder

NAMES = tuple(DATASET.files)
public = pytest.fixture(public_folder)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache in place of the user's, and no source to fill it from."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(harness.data.obtain, "cache_directory", lambda: folder)
    monkeypatch.setattr(sources, "SOURCES", {})
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return folder


@pytest.fixture
def homeless(cache, monkeypatch):
    """No home, and with it no cache."""
    leave_home(monkeypatch)
    monkeypatch.setattr(harness.data.obtain, "cache_directory", cache_directory)


@pytest.fixture
def small(monkeypatch):
    """Four small files in place of MNIST's."""
    files = {name: name.encode() for name in NAMES}
    for name, content in files.items():
        monkeypatch.setitem(BYTES, name, len(content))
        monkeypatch.setitem(DATASET.files, name, hashlib.sha256(content).hexdigest())
    return files


@pytest.fixture
def source(small, monkeypatch):
    """It has the small files."""
    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda _: small})


@pytest.fixture
def given(tmp_path, small):
    """A directory of the user's with the small files, laid out as torchvision does."""
    raw = tmp_path / "given" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        (raw / name).write_bytes(small[name])
    return tmp_path / "given"


def silent(_):
    pass


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name not in (*NAMES, ".lock"))


@pytest.mark.parametrize("below", ["", "MNIST", "MNIST/raw"])
def test_a_directory_laid_out_as_torchvision_does_is_used_as_it_is(cache, given, below):
    assert obtain(given / below) == given
    assert not cache.exists()


def test_what_lies_elsewhere_is_copied_to_the_cache(cache, tmp_path, dataset):
    raw = Path(dataset.directory) / "MNIST" / "raw"
    for name in NAMES:
        (tmp_path / "given" / name.upper()).parent.mkdir(exist_ok=True)
        (tmp_path / "given" / name.upper()).symlink_to(raw / name)
    assert obtain(tmp_path / "given", silent) == cache
    assert all((cache / "MNIST" / "raw" / name).read_bytes() == (raw / name).read_bytes() for name in NAMES)
    assert leftovers(cache) == []


@pytest.mark.parametrize("special", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_a_pipe_or_a_device_is_never_read(cache, given, special):
    path = given / "MNIST" / "raw" / NAMES[3]
    path.unlink()
    special(path)
    with pytest.raises(DataError, match=f"lacks only {NAMES[3]}; .*{NAMES[3]}: cannot be read: not a file of at most"):
        obtain(given)


def test_a_directory_beside_mnist_is_not_mnist(cache, given):
    (given / "other").mkdir()
    with pytest.raises(DataError, match="other is empty"):
        obtain(given / "other")


def test_a_wrong_directory_is_an_error_and_never_a_download(cache, source, given):
    shutil.rmtree(given)
    with pytest.raises(DataError, match=r"given does not exist\. Name a directory"):
        obtain(given)
    assert not cache.exists()


def test_the_environment_variable_names_a_directory_too(cache, given, source, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(given))
    assert obtain() == given
    monkeypatch.setenv("MNIST_DIR", str(given / "missing"))
    with pytest.raises(DataError, match="missing does not exist"):
        obtain()
    monkeypatch.setenv("MNIST_DIR", "")
    assert obtain(say=silent) == cache


def test_a_tilde_is_the_home_directory(cache, given, monkeypatch):
    monkeypatch.setenv("HOME", str(given.parent))
    monkeypatch.setenv("MNIST_DIR", "~/given")
    assert obtain() == given
    with pytest.raises(DataError, match=r"~no-such-user/x: Could not determine home directory\. Name it without ~"):
        obtain(Path("~no-such-user/x"))


def test_a_directory_that_may_not_be_entered_is_named(cache, public):
    with forbidden(public), pytest.raises(DataError, match=f"{public}: cannot be read: Permission denied"):
        obtain(public)
    with forbidden(public), pytest.raises(DataError, match=f"{public}/MNIST cannot be reached: Permission denied"):
        obtain(public / "MNIST")


def test_without_a_home_directory_a_named_one_will_do(homeless, given, monkeypatch):
    assert obtain(given) == given
    monkeypatch.setenv("MNIST_DIR", str(given))
    assert obtain() == given


@pytest.mark.parametrize("older", [False, True], ids=["platformdirs-raises", "platformdirs-answers-with-a-tilde"])
def test_without_any_directory_the_remedies_are_told(homeless, source, monkeypatch, older):
    if older:
        monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache"))
    with pytest.raises(DataError, match=r"no home directory: set HOME to .*; or name a directory .* --data-dir"):
        obtain()


@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME"])
@pytest.mark.parametrize("what", ["file", "forbidden"])
def test_a_home_that_cannot_keep_a_cache_is_named(homeless, source, public, monkeypatch, variable, what):
    home = public / "home"
    home.touch() if what == "file" else home.mkdir()
    monkeypatch.setenv(variable, str(home))
    with forbidden(home), pytest.raises(DataError, match=rf"cannot write MNIST \(\d+ MB\) to {home}/.*Make room or"):
        obtain()


def test_a_relative_home_is_none(homeless, monkeypatch):
    monkeypatch.setenv("HOME", "somewhere")
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    with pytest.raises(FileNotFoundError, match="set HOME to an absolute path"):
        cache_directory()


def test_the_first_source_that_verifies_wins(cache, small, monkeypatch):
    def unreachable(_):
        raise sources.Unavailable("no route to host")

    def lying(names):
        return dict.fromkeys(names, b"<html>captive portal</html>")

    asked = []
    monkeypatch.setattr(sources, "SOURCES", {"a": unreachable, "b": lying, "c": lambda _: small})
    assert obtain(say=asked.append) == cache
    assert [line.rpartition(" ")[2] for line in asked[:3]] == ["a", "b", "c"]
    monkeypatch.setattr(sources, "SOURCES", {})
    assert obtain() == cache  # the second time nobody is asked


def test_with_no_source_at_all_each_failure_is_told(cache, monkeypatch):
    def unreachable(_):
        raise sources.Unavailable("no route to host")

    def lying(names):
        return dict.fromkeys(names, b"<html>captive portal</html>")

    monkeypatch.setattr(sources, "SOURCES", {"mirror one": unreachable, "two": lying, "the index": unreachable})
    failures = r"mirror one: no route(?s:.)*two: what it sent is cut short(?s:.)*index: no route(?s:.)*--data-dir"
    with pytest.raises(DataError, match=failures):
        obtain(say=silent)
    assert leftovers(cache) == []


def test_a_file_of_the_cache_that_was_cut_short_is_fetched_anew(cache, small, source):
    obtain(say=silent)
    damaged = cache / "MNIST" / "raw" / NAMES[0]
    damaged.write_bytes(small[NAMES[0]][:10])
    obtain(say=silent)
    assert damaged.read_bytes() == small[NAMES[0]]


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077], ids=oct)
def test_others_may_read_the_cache_if_the_user_lets_them(cache, source, mask):
    before = os.umask(mask)
    try:
        obtain(say=silent)
    finally:
        os.umask(before)
    for path in (cache, *cache.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~mask, path


def test_a_whole_cache_of_somebody_else_is_only_read(cache, source, public, monkeypatch):
    monkeypatch.setattr(harness.data.obtain, "cache_directory", lambda: public)
    obtain(say=silent)
    (public / ".lock").chmod(0)
    with forbidden(public / "MNIST" / "raw", 0o555), powerless():
        assert obtain() == public
    (public / "MNIST" / "raw" / NAMES[0]).unlink()
    with powerless(), pytest.raises(DataError, match=r"cannot write MNIST .*Permission denied: '.*/\.lock'"):
        obtain(say=silent)


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("interruption", "error", "message"),
    [
        (FULL, DataError, r"cannot write MNIST \(\d+ MB\) to .*No space left.*Make room"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
    ids=["full-disk", "ctrl-c"],
)
def test_an_interrupted_writing_leaves_no_partial_file(cache, source, monkeypatch, interruption, error, message):
    def interrupted(_):
        raise interruption

    monkeypatch.setattr(harness.data.obtain.os, "fsync", interrupted)
    with pytest.raises(error, match=message):
        obtain(say=silent)
    assert leftovers(cache) == []
    assert not any((cache / "MNIST" / "raw" / name).exists() for name in NAMES)


def test_what_a_killed_run_left_half_written_is_replaced(cache, small, source, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        patch.setattr(Path, "replace", lambda *_: None)
        obtain(say=silent)
    assert len(leftovers(cache)) == len(NAMES)
    obtain(say=silent)
    assert leftovers(cache) == []
    assert (cache / "MNIST" / "raw" / NAMES[0]).read_bytes() == small[NAMES[0]]


def test_two_runs_at_once_fill_the_cache_once(cache, small, monkeypatch):
    calls = []

    def slow(_):
        calls.append(threading.current_thread().name)
        both_asked.wait(30)
        return small

    both_asked = threading.Event()
    waiting = []

    def say(line):
        waiting.append(line)
        if "waiting" in line:
            both_asked.set()

    monkeypatch.setattr(sources, "SOURCES", {"a source": slow})
    threads = [threading.Thread(target=obtain, kwargs={"say": say}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert any("another run is filling" in line for line in waiting)


def test_a_run_that_never_ends_is_named(cache, source, monkeypatch):
    cache.mkdir()
    monkeypatch.setattr(harness.data.obtain, "SECONDS_TO_WAIT", 0.1)
    with filelock.FileLock(cache / ".lock"), pytest.raises(DataError, match=r"waited 0.1 s.*\.lock"):
        obtain(say=silent)


def test_run_as_a_program_it_ends_with_one_line(monkeypatch):
    monkeypatch.setenv("MNIST_DIR", "nowhere")
    monkeypatch.delitem(harness.data.obtain.sys.modules, "harness.data.obtain")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("harness.data.obtain", run_name="__main__")
    assert str(ended.value).startswith("error: data directory nowhere does not exist")
