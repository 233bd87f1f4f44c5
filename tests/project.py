"""A copy of the project in an empty folder, to which a test adds implementations and in which it runs pytest."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import ROOT
from harness.data.lazy import Parts

FAKE = """
import os, sys, time
from impls.numpy.adapter import Adapter as Reference


class Adapter(Reference):
{body}
"""


def require(*packages: str) -> None:
    """Skip, with its name, if one of these is not installed; import none."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")


class Project:
    """The copy. `run` gives the finished process, with `stdout` and `stderr` as text."""

    def __init__(self, folder: Path, dataset: Parts):
        self.folder = folder
        self.data = dataset.directory
        for part in ("conftest.py", "pytest.ini", "harness", "impls", "tests"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        shutil.rmtree(folder / "tests" / "harness")  # or these tests would run themselves

    def add(self, name: str, body: str) -> None:
        """An implementation that is the NumPy one but for `body`, the lines of its adapter's class."""
        lines = "\n".join("    " + line for line in body.splitlines())
        self.add_file(f"impls/{name}/adapter.py", FAKE.format(body=lines))

    def add_file(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment() | environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Ours, with our data, but without what pytest-xdist says of the process that this test runs in."""
        ours = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        return ours | {"MNIST_DIR": self.data}
