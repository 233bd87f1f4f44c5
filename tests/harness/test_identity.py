"""A side that is not the requested version is refused in a line before any verdict."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from harness.regression.identity import Contradiction, allows, identified
from harness.regression.versions import Side
from studies.injected_slowdown import environment

KERAS = {"version": "3.15.1", "file": "/env/keras/__init__.py", "inside": True, "distributions": ["keras==3.15.1"]}


def identify(required=(), **module):
    """Return the identity of a candidate that has imported this Keras."""
    records = ({"keras": KERAS}, {"keras": KERAS | module})
    pair = SimpleNamespace(variant="keras-jax", built=(), run=lambda *_: records)
    return identified(pair, [Side("", "python"), Side("", "python", required)])


@pytest.mark.parametrize(
    ("required", "module"),
    [
        (["keras>=3.14", "jax<1"], {}),
        (["Keras_Nightly>=3"], {"distributions": ["keras-nightly==3.15.1"]}),
        ([], {"distributions": ["keras==3.14.1", "keras==3.15.1"]}),
    ],
)
def test_requested_version_is_accepted(required, module):
    assert identify(required, **module)["candidate"] == {"keras": KERAS | module}


@pytest.mark.parametrize(
    ("required", "module", "named"),
    [
        (["jax<1", "keras<3.15"], {}, "keras<3.15"),
        (["numpy<2"], {"inside": False}, "numpy<2"),
        (["keras"], {"distributions": ["keras==3.15.1", "kerasfork==3.15.1"]}, "keras and kerasfork"),
        ([], {"distributions": ["keras==3.14.1"]}, "keras==3.14.1"),
    ],
)
def test_other_version_is_refused(required, module, named):
    with pytest.raises(Contradiction, match=f"candidate.*{re.escape(KERAS['file'])}.*{named}"):
        identify(required, **module)


@pytest.mark.parametrize(
    ("specifier", "version", "allowed"),
    [
        ("==2.15.0", "2.15.0+cu132", True),
        ("==2.15.0+cpu", "2.15.0", True),
        ("==2.15.0+cpu", "2.15.0+cu132", False),
        ("==2.22.0.dev20260101", "2.22.0-dev20260101", True),
    ],
)
def test_versions_are_compared_by_their_meaning(specifier, version, allowed):
    assert allows(specifier, version) is allowed


def test_worker_with_a_changed_module_is_refused(run_here, tmp_path):
    candidate = environment(tmp_path / "patched", {"numpy": "__version__ = '9.9'"})
    saved = tmp_path / "saved.json"
    command = ("-m", "regression", "--framework=numpy", "-k", "gradients", f"--regression-json={saved}")
    done = run_here(*command, f"--candidate-python={candidate}", "tests/test_regression.py")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout
    assert f"numpy 9.9 from {np.__file__}" in json.loads(saved.read_text())["refused"]
