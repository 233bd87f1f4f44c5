"""Machines of other users: no home, a full disk, and folders without permission, even for a superuser."""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534


def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a user without a name and a home, as in a container that is started with the number of a user."""

    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)


@contextlib.contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let this process write no file of more than `room` bytes for a while: `write` fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Drop the rights of a superuser for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@contextlib.contextmanager
def no_permission(path: Path, mode: int = 0) -> Iterator[None]:
    """Give `path` the rights `mode`, by default none, and drop those of a superuser, for a while."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        with unprivileged():
            yield
    finally:
        path.chmod(before)
