"""A temporary folder and the commands that fill it: they end with this process, even if it is killed."""

import os
import re
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import uv

from harness.regression import pip
from harness.regression.requirements import NotBuilt
from harness.workers import process_tree


class Scratch:
    """A new folder in `parent`, or in the folder for temporary files. Both it and the commands end with the context.

    Raises `NotBuilt` for each `OSError` in the context.
    """

    def __init__(self, parent: Path | None = None, prefix: str = ""):
        self.variables, self.options = pip.for_uv()
        self.folder = Path(tempfile.mkdtemp(".partial", prefix, parent))

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise NotBuilt(f"no environment can be built in {self.folder.parent}: {error}") from error

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a command with pip's indexes as variables of uv. Return its exit status and its stderr."""
        process = process_tree.start(
            list(map(str, command)),
            str(self.folder),
            env={**self.variables, **os.environ, **process_tree.environment(str(self.folder))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        try:
            _, stderr = process.communicate()
        finally:
            process_tree.end(process)
        return subprocess.CompletedProcess(command, process.returncode, stderr=stderr)

    def uv(self, *arguments: str | Path, wanted: str = "") -> None:
        """Run uv. Raises `NotBuilt` with its message if it fails; `wanted` describes the environment."""
        done = self.run(uv.find_uv_bin(), "--quiet", *arguments, *self.options)
        if done.returncode:
            message = " ".join(re.findall(r"[!-~]+", done.stderr)) or f"uv ended with status {done.returncode}"
            environment = f"environment {wanted}".strip()
            raise NotBuilt(f"no {environment} can be built: {textwrap.shorten(message, 600)}")
