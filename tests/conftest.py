"""Fixtures of several files: trainings of the whole data set, and runs of pytest within a test."""

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import impls
from harness import ROOT
from harness.data.idx import idx_bytes
from harness.equality.limits import EXACT_HYPERPARAMETERS, has_convolutions
from harness.equality.parameters import random_parameters
from harness.equality.training import train
from impls.contract import DATASET, Settings
from impls.weights import save
from tests.project import Project

BATCH_SIZE = 128


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


@pytest.fixture(scope="session")
def small_dataset(dataset, tmp_path_factory):
    """The first 2,000 training and 1,000 test images, for programs that read any number of images."""
    folder = tmp_path_factory.mktemp("small")
    raw = DATASET.raw(folder)
    raw.mkdir(parents=True)
    parts = *dataset.train.first(2000), *dataset.test.first(1000)
    for name, part in zip(DATASET.files, parts, strict=True):
        (raw / name).write_bytes(idx_bytes(part.array()))
    return SimpleNamespace(directory=str(folder), train=dataset.train.first(2000), test=dataset.test.first(1000))


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
def weights(tmp_path):
    """The file of parameters that NumPy has drawn from seed 5."""
    file = tmp_path / "weights.npz"
    save(file, impls.load("numpy", Settings(seed=5)).get_parameters())
    return file


@pytest.fixture
def batch_size(framework, pytestconfig):
    """128 images; half of them for convolutions without --long, as a step takes long."""
    return BATCH_SIZE // 2 if has_convolutions(framework.network) and not pytestconfig.option.long else BATCH_SIZE


@pytest.fixture
def start(framework):
    """Return a function that draws parameters from a seed, with one bias of 0.

    A convolution of black pixels is then exactly 0, the corner of its ReLU.
    """

    def start(seed):
        parameters = random_parameters(framework.network.shapes, seed, bias=0.1)
        next(array for name, array in parameters.items() if name.endswith("/bias"))[0] = 0
        return parameters

    return start


@pytest.fixture
def initial(start):
    """The parameters of seed 1."""
    return start(1)


@pytest.fixture
def reference(build_reference, framework, batch_size, initial):
    """The reference in float64, with the initial parameters."""
    aligned = {"dtype": "float64", "batch_size": batch_size, "device": "cpu", **EXACT_HYPERPARAMETERS}
    reference = build_reference(replace(framework.settings, **aligned))
    reference.set_parameters(initial)
    return reference


@pytest.fixture
def of_reference(reference, once):
    """Return a function that computes a result of the reference once for all variants."""
    return lambda compute, *name: once(compute, reference.settings, *name)


@pytest.fixture
def build_variant(fleet, name):
    """Return a function that builds the variant `name` with these settings; it skips if a package is missing.

    A parameter of the test holds the name, as pytest-xdist runs the tests of one variant in one process.
    """

    def build_variant(**settings):
        try:
            return fleet.framework(name, Settings(**settings))
        except impls.PackageNotInstalled as error:
            pytest.skip(str(error))

    return build_variant


@pytest.fixture
def add_variant(monkeypatch):
    """Return a function that adds a variant in this process: NumPy's, with these members of its adapter replaced."""

    def add_variant(name, **members):
        adapter = type("Adapter", (impls.import_("numpy").Adapter,), members)
        module = SimpleNamespace(Adapter=adapter)
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
            monkeypatch.setattr("harness.measuring.targets.Worker", lambda spec, _: worker(spec.name))
        capfd.readouterr()
        code = pytest.main(["-p", "no:cacheprovider", *map(str, arguments)])
        return SimpleNamespace(returncode=code, stdout="".join(capfd.readouterr()))

    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)  # such as pytest-xdist's
    monkeypatch.setenv("MNIST_DIR", dataset.directory)
    monkeypatch.chdir(ROOT)
    return run_here
