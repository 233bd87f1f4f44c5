"""A temporary folder and the commands that fill it: they end with this process, even if it is killed."""

import os
import re
import subprocess
import tempfile
import textwrap
from pathlib import Path

import uv

from harness.regression import pip
from harness.regression.requirements import NotBuilt

# For sh: wait until the pipe from the parent is closed, by it or by its end; end the process group, remove the folder.
GUARD = 'trap "" TERM; read nothing; kill -TERM 0; rm -rf "$0"; kill -KILL 0'


class Scratch:
    """A new folder in `parent`, or in the folder for temporary files. Both it and the commands end with the context.

    Raises `NotBuilt` for each `OSError` in the context.
    """

    def __init__(self, parent: Path | None = None, prefix: str = ""):
        self.variables, self.options = pip.for_uv()
        self.folder = Path(tempfile.mkdtemp(".partial", prefix, parent))

    def __enter__(self) -> "Scratch":
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = ["sh", "-c", GUARD, self.folder]
        self.guard = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0, **quiet)
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.guard.communicate()
        if isinstance(error, OSError):
            raise NotBuilt(f"no environment can be built in {self.folder.parent}: {error}") from error

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a command with pip's indexes as variables of uv. Return its exit status and its stderr."""
        return subprocess.run(
            command,
            env={**self.variables, **os.environ, "TMPDIR": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
            process_group=self.guard.pid,
        )

    def uv(self, *arguments: str | Path, wanted: str = "") -> None:
        """Run uv. Raises `NotBuilt` with its message if it fails; `wanted` describes the environment."""
        done = self.run(uv.find_uv_bin(), "--quiet", *arguments, *self.options)
        if done.returncode:
            message = " ".join(re.findall(r"[!-~]+", done.stderr)) or f"uv ended with status {done.returncode}"
            environment = f"environment {wanted}".strip()
            raise NotBuilt(f"no {environment} can be built: {textwrap.shorten(message, 600)}")
