"""Fixtures of several files: trainings of the whole data set, and runs of pytest within a test."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

import impls
from harness import ROOT
from harness.equality.training import train
from impls.numpy.adapter import Adapter
from tests.project import Project


@pytest.fixture(scope="session")
def training(dataset):
    """Return a function that trains a framework on all images, once for all tests that need no more epochs.

    It returns the history of `harness.equality.training.train`, with at least `epochs` epochs, and of the end:
    "evaluation", (loss, accuracy) of the test images, and "wrong", test image -> the digit for which it is taken.
    """
    known = {}
    truth = dataset.test.labels.array()

    def training(framework, epochs, seed=0):
        key = (framework.name, framework.settings.network, seed)
        if key not in known or len(known[key]["loss"]) < epochs:
            framework = framework.with_settings(seed=seed)
            history = framework.run(train, *dataset.train, epochs, *dataset.test)
            answers = framework.logits(dataset.test.images).argmax(axis=1)
            wrong = {int(image): int(answers[image]) for image in np.flatnonzero(answers != truth)}
            known[key] = {**history, "evaluation": framework.evaluate(*dataset.test), "wrong": wrong}
        return known[key]

    return training


@pytest.fixture
def project(tmp_path, dataset):
    return Project(tmp_path, dataset)


@pytest.fixture(scope="session")
def computed():
    return {}


@pytest.fixture
def once(request, computed):
    """Return a function that computes a result once for all tests of this file: the reference's is every variant's."""

    def once(compute, *name):
        key = (request.module.__name__, *name)
        if key not in computed:
            computed[key] = compute()
        return computed[key]

    return once


@pytest.fixture
def add_variant(monkeypatch):
    """Return a function that adds a variant in this process: NumPy's, with these members of its adapter replaced."""

    def add_variant(name, **members):
        module = SimpleNamespace(Adapter=type("Adapter", (Adapter,), members))
        added = impls.variants()["numpy"]._replace(name=name, implementation=name, importer=lambda _: module)
        known = impls.variants() | {name: added}
        monkeypatch.setattr(impls, "variants", lambda: known)
        monkeypatch.setattr(impls, "_loaded", set())  # or the next test would meet an unknown name there

    return add_variant


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
