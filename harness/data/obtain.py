"""A folder with the verified files of the data set: the user's, or the cache, filled if necessary."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import filelock

from harness.data import atomic, sources
from harness.data.idx import BYTES, DataError, verify
from harness.data.locate import find
from impls.command_line import errors_in_one_line
from impls.contract import DATASET
from impls.files import cache_directory

SIZE = sum(BYTES.values())
SECONDS_TO_WAIT = 1000  # for another process that fills the cache


def obtain(given: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Return a folder whose `MNIST/raw/` holds the four verified files.

    - `given`: the user's folder or file, the only place that is searched. `None`: the environment variable MNIST_DIR
      names it; if that is unset or empty, the files are in the cache or are downloaded to it.
    - `say`: called with one line for each slow step.

    Files of the user that do not lie raw in `MNIST/raw/` are copied to the cache. Raises `DataError`.
    """
    named = given or os.environ.get("MNIST_DIR")
    if not named:
        return _cached(lambda: sources.fetch(say), say)
    try:
        place = Path(named).expanduser()
    except RuntimeError as error:
        raise DataError(f"data directory {named}: {error} Name it without ~.") from None
    here = place.absolute()
    for root in (here, *here.parents[:2]):
        if here in (root, root / DATASET.name, DATASET.raw(root)) and _complete(root):
            return root
    files = find(place)
    return _cached(lambda: files, say)


def _complete(folder: Path) -> bool:
    """Return whether `folder`/MNIST/raw holds the four verified files."""
    try:
        for name, size in BYTES.items():
            path = DATASET.raw(folder) / name
            if path.stat().st_size != size:  # reading a pipe or a device may never end; both have size 0
                return False
            verify(name, path.read_bytes(), path)
    except (OSError, DataError):
        return False
    return True


def _cached(files: Callable[[], Mapping[str, bytes]], say: Callable[[str], None]) -> Path:
    """Return the cache folder. Write `files()` to it unless it is complete."""
    cache = None
    try:
        cache = cache_directory()
        if not _complete(cache):
            _fill(cache, files, say)
    except OSError as error:
        raise DataError(
            f"cannot keep {DATASET.name} in {cache or 'a cache'}: {error}. Make room for {SIZE / 1e6:.0f} MB, make it "
            "writable, set XDG_CACHE_HOME to another folder, or name a folder that holds the raw files in "
            f"{DATASET.name}/raw/ with --data-dir or MNIST_DIR."
        ) from error
    return cache


def _fill(cache: Path, files: Callable[[], Mapping[str, bytes]], say: Callable[[str], None]) -> None:
    """Write `files()` to the cache under a lock; processes that waited for the lock find the cache complete."""
    raw = DATASET.raw(cache)
    raw.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(cache / ".lock")
    try:
        held = lock.acquire(timeout=0)
    except filelock.Timeout:
        say(f"{DATASET.name}: waiting for another process, which fills {cache}")
        held = lock.acquire(timeout=SECONDS_TO_WAIT)  # its Timeout is an OSError
    with held:
        if not _complete(cache):
            for name, content in files().items():
                (raw / name).unlink(missing_ok=True)  # a link or a pipe would be followed
                with atomic.replacing(raw / name) as partial:
                    partial.write_bytes(content)
            say(f"{DATASET.name}: verified, in {cache}")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    with errors_in_one_line():
        print(f"{DATASET.name}: {obtain()}")
