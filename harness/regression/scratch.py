"""Commands that fill a folder. They end with this process; if it is killed meanwhile, the folder is removed, too."""

import os
import re
import subprocess
import tempfile
import textwrap
from pathlib import Path

from uv import find_uv_bin

from harness import HAS_PIP
from harness.regression import pip
from harness.regression.requirements import NotBuilt
from harness.workers import process_tree, sandbox, variables


def run(folder: str, *command: str | Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command whose temporary files are in `folder`. Return its exit status and its stderr.

    It inherits the environment, without `pip.IGNORED`, and has `settings` where that does not set the same.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in pip.IGNORED}
    return _finished(folder, list(map(str, command)), settings | inherited | process_tree.environment(folder))


def _finished(folder: str, command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    process = process_tree.start(
        command,
        folder,
        env=environment,
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


def run_in_sandbox(folder: str, python: str | Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Do as `run` with the Python of another environment, in the sandbox: it writes to a new folder in `folder`."""
    writable = tempfile.mkdtemp(dir=folder)
    command = sandbox.command([str(python), *arguments], (), writable)
    return _finished(folder, command, variables.in_sandbox(writable) | process_tree.environment(writable))


def uv(folder: str, *arguments: str | Path, wanted: str = "") -> None:
    """Run uv with the user's indexes. Raises `NotBuilt` with its message; `wanted` describes the environment."""
    try:
        settings, options = pip.for_uv()
    except ValueError as error:
        raise NotBuilt(str(error)) from None
    done = run(folder, find_uv_bin(), "--quiet", *arguments, *options, **settings)
    if done.returncode:
        message = " ".join(re.findall(r"[!-~]+", done.stderr)) or f"uv ended with status {done.returncode}"
        environment = f"environment {wanted}".strip()
        unread = "" if HAS_PIP else f" ({pip.UNREAD})"
        raise NotBuilt(f"no {environment} can be built: {textwrap.shorten(message, 600)}{unread}")
