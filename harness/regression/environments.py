"""Environments with other versions of the packages: built by uv, kept in the user's cache under a hash of the content.

`python -m harness.regression.environments` lists them, `--clean` removes them.
"""

import argparse
import contextlib
import fcntl
import functools
import hashlib
import os
import platform
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from harness import tally
from harness.regression import content
from harness.regression.content import PINS, interpreter
from harness.regression.requirements import errors_in_a_line
from impls.command_line import errors_in_one_line
from impls.files import cache_directory

FORMAT = "2"  # of environments; in those of format 1, code of packages ran without the sandbox


def obtain(requirements: Sequence[str], packages: Collection[str], root: Path | None = None) -> Path:
    """Return the interpreter of an environment that meets `requirements` and holds the imports `packages`.

    All other versions are the installed ones, as far as the requirements allow it. Raises `NotBuilt`.
    """
    root = root or folder()
    return built(content.resolve(requirements, packages), packages, root)


@errors_in_a_line()
def built(pins: str, packages: Collection[str], root: Path, like: Path | None = None) -> Path:
    """Return the interpreter of an environment of exactly these versions, from which `packages` are imported.

    Of two runs that need the same environment, one builds it and one waits. One that was damaged is built anew, without
    uv's cache, whose files it shares. The environment cannot be removed before this process ends. Raises `NotBuilt`.
    `like` is as in `content.fill`.
    """
    place = _place(pins, root)
    root.mkdir(parents=True, exist_ok=True)
    lock = _lock(place)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)  # shared by all runs that use it, until they end
        damaged = content.is_damaged(place)
        while damaged:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if content.is_damaged(place):  # another run may have built it meanwhile
                options = ["--no-cache"] if is_built(pins, root) else []
                _remove(place)
                _build(place, pins, packages, like, options)
            fcntl.flock(lock, fcntl.LOCK_SH)  # between the two locks, `clean` may remove it
            damaged = not interpreter(place).exists()
    except BaseException:
        fcntl.flock(lock, fcntl.LOCK_UN)
        raise
    return interpreter(place)


def _place(pins: str, root: Path) -> Path:
    python = (sys.implementation.cache_tag, platform.python_version(), sys.base_prefix, sysconfig.get_platform())
    return root / hashlib.sha256("\n".join((FORMAT, *python, pins)).encode()).hexdigest()[:16]


def is_built(pins: str, root: Path) -> bool:
    """Return whether there is an environment of exactly these versions."""
    return (_place(pins, root) / PINS).exists()


@functools.cache  # a lock is released when its file is closed: by the system, at the end of this process
def _lock(place: Path) -> int:
    return os.open(place.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o666)


def _build(place: Path, pins: str, packages: Collection[str], like: Path | None, options: Sequence[str]) -> None:
    """Build an environment elsewhere, and move it to `place` when it is complete."""
    tally.add("environment")
    with tempfile.TemporaryDirectory(".partial", f"{place.name}.", place.parent, ignore_cleanup_errors=True) as folder:
        content.fill(folder, pins, packages, like, options).rename(place)


def _remove(place: Path) -> None:
    """Remove an environment and what was left of it. If that is interrupted, no damaged environment remains."""
    if place.exists():
        place.rename(tempfile.mkdtemp(".partial", f"{place.name}.", place.parent))
    for path in place.parent.glob(f"{place.name}*.partial"):
        shutil.rmtree(path, ignore_errors=True)


@errors_in_a_line()
def folder() -> Path:
    """Return the folder of all environments, in the user's cache. Raises `NotBuilt` if the user has none."""
    return cache_directory() / "environments"


@errors_in_a_line()
def clean(root: Path | None = None) -> tuple[list[Path], list[Path]]:
    """Remove all environments but those in use. Return the removed ones, and those in use or being built."""
    root = root or folder()
    removed, in_use = [], []
    folders = [*_built(root), *root.glob("*.partial")]
    for place in dict.fromkeys(root / path.name.partition(".")[0] for path in folders):
        with place.with_suffix(".lock").open("a", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                in_use.append(place)
                continue
            _remove(place)
            removed.append(place)
    return removed, in_use


def _built(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob(f"*/{PINS}"))


def main() -> None:
    """List the environments, or remove them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="remove all of them")
    if parser.parse_args().clean:
        removed, in_use = clean()
        print(f"removed {len(removed)} environments from {folder()}; `uv cache clean` removes the downloads")
        for place in in_use:
            print(f"kept {place}: a run is using it")
        return
    for place in _built(folder()):
        pins = (place / PINS).read_text(encoding="utf-8")
        frameworks = re.findall(r"^(?:torch|tensorflow|keras|jax|numpy)==.*$", pins, re.MULTILINE)
        size = sum(each.lstat().st_blocks for each in place.rglob("*")) / 2**21
        print(f"{place}  {size:.2f} GiB  {' '.join(frameworks)}")


if __name__ == "__main__":
    with errors_in_one_line(), contextlib.suppress(BrokenPipeError):
        main()
