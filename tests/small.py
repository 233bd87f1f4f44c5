"""Fixtures: small files in the place of MNIST's, and an empty cache."""

import hashlib
from pathlib import Path

import pytest

from harness.data import sources
from harness.data.idx import BYTES
from impls.contract import DATASET
from impls.files import cache_directory

NAMES = tuple(DATASET.files)


def small_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Return name -> content. The only source has them."""
    files = {name: name.encode() for name in NAMES}
    for name, content in files.items():
        monkeypatch.setitem(BYTES, name, len(content))
        monkeypatch.setitem(DATASET.files, name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda: files})
    return files


def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the user's cache, which is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return cache_directory()


def files_in(folder: Path) -> dict[str, bytes]:
    """Return name -> content of the files below a folder, but for the lock."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def silent(line: str) -> None:
    """Take a line for the user, and say nothing."""
