"""A side that is not what was asked for is refused in a line, before any verdict; the same on both sides is told."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from harness.regression.identity import Contradiction, allows, identified
from harness.regression.versions import Side
from studies.spoiled import environment
from tests.fakes import FakeWorker

KERAS = {"version": "3.15.1", "file": "/env/keras/__init__.py", "inside": True, "distributions": ["keras==3.15.1"]}


def side(*requirements):
    return Side("asked", "python", requirements)


def identify(asked=(), **module):
    """What is said of a candidate that has imported this Keras."""
    records = ({"keras": KERAS}, {"keras": KERAS | module})
    pair = SimpleNamespace(variant="keras-jax", run=lambda *_: records)
    return identified(pair, [side(), side(*asked)])


@pytest.mark.parametrize(
    ("asked", "module"),
    [
        ([], {}),
        ([], {"inside": False}),
        (["keras==3.15.1"], {}),
        (["keras>=3.14", "jax<1"], {}),
        (["numpy<2"], {}),
        (["keras"], {"version": "3.16.0.dev0", "distributions": ["keras==3.16.0.dev0"]}),
        (["keras @ git+https://x"], {}),
        (["Keras_Nightly>=3"], {"distributions": ["keras-nightly==3.15.1"]}),
        ([], {"distributions": []}),
        ([], {"distributions": ["keras==3.14.1", "keras==3.15.1"]}),
    ],
)
def test_what_was_asked_for_is_taken(asked, module):
    assert identify(asked, **module)["candidate"] == {"keras": KERAS | module}


@pytest.mark.parametrize(
    ("asked", "module", "message"),
    [
        (["keras==3.14.1"], {}, "and keras==3.14.1 was asked for; `make clean-envs`"),
        (["jax<1", "keras<3.15"], {}, "and keras<3.15 was asked for"),
        (["keras==3.14.1"], {"distributions": []}, "and keras==3.14.1 was asked for"),
        (["keras-nightly>=4"], {"distributions": ["keras-nightly==3.15.1"]}, "and keras-nightly>=4 was asked for"),
        (["numpy<2"], {"inside": False}, "which is outside of the environment that was built for numpy<2"),
        ([], {"distributions": ["keras==3.14.1"]}, "where its metadata say keras==3.14.1: install it anew"),
    ],
)
def test_what_was_not_asked_for_is_refused(asked, module, message):
    with pytest.raises(Contradiction) as raised:
        identify(asked, **module)
    said = str(raised.value)
    assert said.startswith("keras-jax: the candidate imports keras 3.15.1 from /env/keras/__init__.py, ")
    assert message in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("specifier", "version", "allowed"),
    [
        ("==2.15.0", "2.15.0+cu132", True),
        ("==2.15.0+cpu", "2.15.0", True),
        ("==2.15.0+cpu", "2.15.0+cpu", True),
        ("==2.15.0+cpu", "2.15.0+cu132", False),
        ("==2.15.0+cpu", "2.14.0", False),
        ("==2.15.0", "2.15", True),
        ("==2.22.0.dev20260101", "2.22.0-dev20260101", True),
        ("==2.22.0.dev20260101", "2.22.0-dev20260102", False),
        (">=3.16.0.dev0", "3.16.0.dev2026010203", True),
        ("", "2.15.0", True),
        ("==2.15.0", "a build of mine", True),
        ("==a build of mine", "2.15.0", True),
    ],
)
def test_versions_are_compared_however_they_are_written(specifier, version, allowed):
    assert allows(specifier, version) is allowed


@pytest.fixture
def run(run_here, tmp_path):
    """Compares what NumPy computes; the finished run, and what it has saved."""

    def run(*arguments, worker=None):
        saved = tmp_path / "found.json"
        chosen = ("-m", "regression", "--framework=numpy", "-k", "network or gradients", f"--regression-json={saved}")
        done = run_here(*chosen, *arguments, "tests/test_regression.py", worker=worker)
        return done, json.loads(saved.read_text())

    return run


def assert_refused(done, saved, message):
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert message in done.stdout
    assert done.stdout.count("numpy: the ") == 1
    assert "Traceback" not in done.stdout
    assert message in saved["refused"]
    assert saved["variants"] == {}


def test_a_refusal_ends_the_run_before_anything_is_compared(run):
    asked = []

    class Worker(FakeWorker):
        def answer(self, command, *arguments):
            asked.append(command)
            return super().answer(command, *arguments)

    record = {"numpy": KERAS | {"distributions": ["numpy==1.0"]}}
    worker = lambda name, **_: Worker(imported=record)  # noqa: E731
    done, saved = run(f"--candidate-python={sys.executable}", worker=worker)
    assert_refused(done, saved, "the baseline imports numpy 3.15.1")
    assert {*asked} == {"build", "imported"}


def test_times_are_refused_as_well(run_here):
    record = {"numpy": KERAS | {"distributions": ["numpy==1.0"]}}
    chosen = ("-m", "regression", "--framework=numpy", "-k", "slower", f"--candidate-python={sys.executable}")
    done = run_here(*chosen, "tests/test_regression.py", worker=lambda name, **_: FakeWorker(imported=record))
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout


def test_real_workers_that_import_from_elsewhere_than_what_was_built_are_refused(run, tmp_path, monkeypatch):
    python = environment(tmp_path / "elsewhere", {})
    monkeypatch.setattr("harness.regression.environments.resolve", lambda *_: "")
    monkeypatch.setattr("harness.regression.environments.built", lambda *_: python)
    done, saved = run(f"--baseline=numpy=={np.__version__}")
    assert_refused(done, saved, f"{np.__file__}, which is outside of the environment that was built for numpy==")


def test_real_workers_whose_module_is_not_what_its_metadata_say_are_refused(run, tmp_path):
    python = environment(tmp_path / "patched", {"numpy": "__version__ = '9.9'"})
    done, saved = run(f"--candidate-python={python}")
    assert_refused(done, saved, f"the candidate imports numpy 9.9 from {np.__file__}, where its metadata say numpy==")


def test_who_compares_a_version_with_itself_is_told(run):
    done, saved = run(f"--candidate-python={sys.executable}")
    assert done.returncode == 0, done.stdout
    line = f"A VERSION BESIDE ITSELF: imported on both sides, from the same files: numpy {np.__version__} (numpy)"
    assert done.stdout.count(line) == 1
    module = saved["variants"]["numpy"]["imported"]["candidate"]["numpy"]
    assert (module["version"], module["file"]) == (np.__version__, np.__file__)


def test_versions_that_were_imported_are_in_the_title_and_in_the_record(run):
    modules = {
        side: {"numpy": KERAS | {"version": version, "distributions": []}}
        for side, version in (("baseline", "1.26.4"), ("candidate", "2.0.1"))
    }
    worker = lambda name, **_: FakeWorker(imported=modules[name])  # noqa: E731
    done, saved = run(f"--candidate-python={sys.executable}", worker=worker)
    assert "imported numpy 1.26.4 -> 2.0.1 (numpy)" in done.stdout
    versions = saved["variants"]["numpy"]["versions"]
    assert (versions["baseline"]["numpy"], versions["candidate"]["numpy"]) == ("1.26.4", "2.0.1")
