"""Fixtures of several files: fake workers, small files as MNIST, an empty cache, a public folder, toys, a browser."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

import impls
from harness.data import sources
from harness.data.idx import BYTES
from harness.regression import pip
from harness.regression.pair import Pair
from harness.workers.launch import WorkerSpec
from harness.workers.worker import Worker
from impls.contract import DATASET, Settings
from impls.files import cache_directory
from tests.fakes import PatchedNumpy
from tests.wheels import wheel


@pytest.fixture
def start_fake(project):
    """Return a function that starts a worker of the copied project, with a fake implementation. End them all."""
    workers = []

    def start_fake(body: str, on_event=lambda *_: None, **spec) -> Worker:
        project.add("fake", body)
        workers.append(Worker(WorkerSpec("fake", root=project.folder, **spec), on_event))
        workers[-1].build(impls.load, "fake", Settings(threads=spec.get("threads")))
        return workers[-1]

    yield start_fake
    for worker in workers:
        worker.close()


@pytest.fixture
def small(monkeypatch):
    """The four files as name -> content, a few bytes each. The only source has them."""
    files = {name: name.encode() for name in DATASET.files}
    for name, content in files.items():
        monkeypatch.setitem(BYTES, name, len(content))
        monkeypatch.setitem(DATASET.files, name, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(sources, "SOURCES", {"a source": lambda: files})
    return files


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The user's cache, which is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return cache_directory()


@pytest.fixture
def public():
    """An empty folder that every user can reach. Those of pytest are for their owner alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def no_index(tmp_path, monkeypatch):
    """No configuration of pip and uv."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def _find_links(environment):
    """Return what pip would, which takes a third of a second, of an environment with no other setting."""
    words = dict(environment).get("PIP_FIND_LINKS", "").split()
    return {"find-links": words} if words else {}


@pytest.fixture
def wheels(tmp_path, monkeypatch, no_index):
    """The folder with the only packages that uv finds: three toys, of two versions each."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        wheel(folder, "toyframework", version)
        wheel(folder, "toymath", version)
        wheel(folder, "toyvision", version, needs=[f"toyframework=={version}"])
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))  # pip's settings apply where uv has none
    monkeypatch.setattr(pip, "settings_of_pip", _find_links)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


@pytest.fixture
def findings(dataset):
    """Return a function: the findings of checks between NumPy and NumPy in whose tutorial `code` ran, by name."""

    def findings(checks, code):
        pair = Pair("numpy", Settings(), dataset, (PatchedNumpy(), PatchedNumpy(code)))
        return {name: check(pair) for name, check in checks.items()}

    return findings


@pytest.fixture(scope="session")
def browser():
    """Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
