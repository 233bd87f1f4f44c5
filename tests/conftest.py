"""Fixtures of the tests that run pytest themselves."""

import os
from types import SimpleNamespace

import pytest

from harness import ROOT
from tests.project import Project


@pytest.fixture
def project(tmp_path, dataset):
    return Project(tmp_path, dataset)


@pytest.fixture
def run_here(monkeypatch, capfd, dataset):
    """Runs pytest in this process, for what needs no implementation of its own: `returncode`, and `stdout` with stderr.

    `worker(name)` takes the place of each `Worker` that a campaign or a comparison starts.
    """

    def run_here(*arguments, worker=None):
        if worker:
            monkeypatch.setattr("harness.measuring.participants.Worker", lambda spec, _: worker(spec.name))
        capfd.readouterr()
        code = pytest.main(["-p", "no:cacheprovider", *map(str, arguments)])
        return SimpleNamespace(returncode=code, stdout="".join(capfd.readouterr()))

    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)  # such as pytest-xdist's
    monkeypatch.setenv("MNIST_DIR", dataset.directory)
    monkeypatch.chdir(ROOT)
    return run_here
