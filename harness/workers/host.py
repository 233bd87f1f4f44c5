"""Another machine: what a worker needs there is brought once, and kept in that user's cache by its content."""

import contextlib
import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import execnet

from harness import ROOT
from impls.contract import DATASET

UNPACK = """
import io, os, pathlib, shutil, tempfile, zipfile
kept = pathlib.Path.home() / ".cache" / "mnist-frameworks" / "brought"
home = kept / channel.receive()
channel.send(home.exists())
if not home.exists():
    kept.mkdir(parents=True, exist_ok=True)
    partial = tempfile.mkdtemp(dir=kept)
    try:
        zipfile.ZipFile(io.BytesIO(channel.receive())).extractall(partial)
        os.rename(partial, home)
    except OSError:
        if not home.exists():  # or another run has brought it meanwhile
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
channel.send(str(home))
"""
DO = """
import importlib, sys
root, module, function, arguments = channel.receive()
if root not in sys.path:
    sys.path.insert(0, root)
channel.send(getattr(importlib.import_module(module), function)(*arguments))
"""


class Unreachable(Exception):
    """There is no connection to the host, or it did not take what it was brought."""


class Host:
    """One connection to another machine, for all its workers. `spec` is execnet's, such as "ssh=me@there".

    Raises `Unreachable`.
    """

    def __init__(self, spec: str):
        self.spec = spec
        self.group = execnet.Group()
        try:
            self.gateway = self.group.makegateway(f"{spec}//id=host")
        except (OSError, EOFError, ValueError, execnet.HostNotFound) as error:
            raise self._unreachable(error) from None

    def bring(self, data: Path) -> str:
        """Bring our code and the data set in `data`; the folder there, which then holds all of it."""
        try:
            channel = self.gateway.remote_exec(UNPACK)
            luggage = _packed(data)
            channel.send(hashlib.sha256(luggage).hexdigest()[:16])
            if not channel.receive():
                channel.send(luggage)
            self.root = channel.receive()
        except (OSError, EOFError, execnet.RemoteError) as error:
            raise self._unreachable(error) from None
        return self.root

    def makegateway(self, spec: str) -> execnet.Gateway:
        """To a process there; `spec` as if it were here."""
        return self.group.makegateway(f"{spec}//via=host")

    def do(self, function: Callable, *arguments: Any) -> Any:
        """`function(*arguments)` there, after `bring`; a function of harness/ or of the standard library.

        Raises `Unreachable`, also for what the function raises.
        """
        try:
            channel = self.gateway.remote_exec(DO)
            channel.send((self.root, function.__module__, function.__name__, arguments))
            return channel.receive()
        except (OSError, EOFError, execnet.RemoteError) as error:
            raise self._unreachable(error) from None

    def close(self) -> None:
        with contextlib.suppress(OSError, execnet.RemoteError):  # the connection, or its other end, is gone already
            self.group.terminate(timeout=1)
        if hasattr(self.gateway._io, "sock"):
            self.gateway._io.sock.close()  # execnet ends the conversation, and leaves the socket open

    def _unreachable(self, error: Exception) -> Unreachable:
        said = str(error).strip().splitlines()[-1:]  # of a RemoteError, which holds a traceback, what it is about
        return Unreachable(f"--host {self.spec}: {': '.join([type(error).__name__, *said])}")


def _packed(data: Path) -> bytes:
    """A zip file, the same for the same content."""
    code = [(path, path.relative_to(ROOT)) for room in ("harness", "impls") for path in (ROOT / room).rglob("*.py")]
    images = [(path, path.relative_to(data)) for path in map(DATASET.raw(data).joinpath, DATASET.files)]
    found = [(path, name) for path, name in code + images if path.is_file() and os.access(path, os.R_OK)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, name in sorted(found):
            archive.writestr(zipfile.ZipInfo(str(name)), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
