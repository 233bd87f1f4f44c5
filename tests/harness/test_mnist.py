"""MNIST is taken only if it is MNIST; what is wrong is said, and nothing half-written stays behind."""

import errno
import gzip
import shutil
import threading
from pathlib import Path

import filelock
import numpy as np
import pytest

import harness.mnist
from harness import sources
from harness.mnist import BYTES, SHA256, DataError, obtain

NAMES = tuple(SHA256)


@pytest.fixture(scope="module")
def originals(mnist):
    return {name: (Path(mnist.directory) / "MNIST" / "raw" / name).read_bytes() for name in NAMES}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache in place of the user's, and no source to fill it from."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(harness.mnist, "cache_directory", lambda: folder)
    monkeypatch.setattr(sources, "SOURCES", {})
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return folder


@pytest.fixture
def given(tmp_path, originals):
    """A directory of the user's with the four files at its top."""
    folder = tmp_path / "given"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(originals[name])
    return folder


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name not in (*NAMES, ".lock"))


def test_a_directory_laid_out_as_torchvision_does_is_used_as_it_is(cache, given):
    raw = given / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        shutil.move(given / name, raw / name)
    assert obtain(given) == given
    assert not cache.exists()


@pytest.mark.parametrize("compressed", [False, True])
def test_files_at_the_top_raw_or_gzipped_are_copied_to_the_cache(cache, given, originals, compressed):
    if compressed:
        for name in NAMES:
            (given / f"{name}.gz").write_bytes(gzip.compress(originals[name], 1))
            (given / name).unlink()
    assert obtain(given) == cache
    assert {name: (cache / "MNIST" / "raw" / name).read_bytes() for name in NAMES} == originals
    assert leftovers(cache) == []


def test_the_environment_variable_names_a_directory_too(cache, given, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(given))
    assert obtain() == cache
    monkeypatch.setenv("MNIST_DIR", str(given / "missing"))
    with pytest.raises(DataError, match="missing does not exist"):
        obtain()


def truncated_gzip(folder, originals):
    (folder / NAMES[3]).unlink()
    (folder / f"{NAMES[3]}.gz").write_bytes(gzip.compress(originals[NAMES[3]])[:-20])


def flipped_byte(folder, originals):
    content = bytearray(originals[NAMES[1]])
    content[1000] ^= 1
    (folder / NAMES[1]).write_bytes(content)


def other_data_of_the_same_form(folder, originals):
    """What Fashion-MNIST is: the same header and size, other pixels."""
    noise = np.random.default_rng(0).integers(0, 256, BYTES[NAMES[2]] - 16, np.uint8).tobytes()
    (folder / NAMES[2]).write_bytes(originals[NAMES[2]][:16] + noise)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder, _: shutil.rmtree(folder), "does not exist or is not a directory.*Name a directory"),
        (lambda folder, _: [path.unlink() for path in folder.iterdir()], "is empty.*Name a directory"),
        (lambda folder, _: (folder / NAMES[3]).unlink(), f"lacks {NAMES[3]}"),
        (
            lambda folder, originals: (folder / NAMES[0]).write_bytes(originals[NAMES[0]][:-1]),
            "47,040,016 bytes, got 47,",
        ),
        (truncated_gzip, f"{NAMES[3]}.gz: cannot be read: Compressed file ended"),
        (flipped_byte, f"{NAMES[1]} has the size of MNIST's file but other bytes"),
        (other_data_of_the_same_form, "such as Fashion-MNIST"),
    ],
    ids=["absent", "empty", "file-missing", "cut-short", "truncated-gzip", "flipped-byte", "fashion-mnist"],
)
def test_a_wrong_directory_is_an_error_and_never_a_download(cache, given, originals, monkeypatch, spoil, message):
    spoil(given, originals)
    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda _: originals})
    with pytest.raises(DataError, match=message):
        obtain(given)
    assert not cache.exists()


def test_the_first_source_that_verifies_wins(cache, originals, monkeypatch):
    def unreachable(_):
        raise sources.Unavailable("no route to host")

    def lying(names):
        return dict.fromkeys(names, b"<html>captive portal</html>")

    asked = []
    monkeypatch.setattr(sources, "SOURCES", {"a": unreachable, "b": lying, "c": lambda _: originals})
    assert obtain(say=asked.append) == cache
    assert [line.rpartition(" ")[2] for line in asked[:3]] == ["a", "b", "c"]
    monkeypatch.setattr(sources, "SOURCES", {})
    assert obtain() == cache  # the second time nobody is asked


def test_with_no_source_at_all_each_failure_is_told(cache, monkeypatch):
    def unreachable(_):
        raise sources.Unavailable("no route to host")

    monkeypatch.setattr(sources, "SOURCES", {"mirror one": unreachable, "the index": unreachable})
    with pytest.raises(DataError, match=r"mirror one: no route(?s:.)*index: no route(?s:.)*--data-dir"):
        obtain(say=lambda _: None)
    assert leftovers(cache) == []


def test_a_file_of_the_cache_that_was_cut_short_is_fetched_anew(cache, originals, monkeypatch):
    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda _: originals})
    obtain(say=lambda _: None)
    damaged = cache / "MNIST" / "raw" / NAMES[0]
    damaged.write_bytes(originals[NAMES[0]][:1000])
    obtain(say=lambda _: None)
    assert damaged.read_bytes() == originals[NAMES[0]]


def test_a_full_disk_leaves_no_partial_file(cache, originals, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda _: originals})
    monkeypatch.setattr(harness.mnist.os, "fsync", full)
    with pytest.raises(DataError, match=r"cannot write MNIST \(55 MB\) to .*No space left.*Make room"):
        obtain(say=lambda _: None)
    assert leftovers(cache) == []
    assert not any((cache / "MNIST" / "raw" / name).exists() for name in NAMES)


def test_two_runs_at_once_fill_the_cache_once(cache, originals, monkeypatch):
    calls = []

    def slow(_):
        calls.append(threading.current_thread().name)
        both_asked.wait(30)
        return originals

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


def test_a_run_that_never_ends_is_named(cache, originals, monkeypatch):
    cache.mkdir()
    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda _: originals})
    monkeypatch.setattr(harness.mnist, "SECONDS_TO_WAIT", 0.1)
    with filelock.FileLock(cache / ".lock"), pytest.raises(DataError, match=r"waited 0.1 s.*\.lock"):
        obtain(say=lambda _: None)
