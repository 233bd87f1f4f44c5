"""Under pytest-xdist each worker lives in one process, and so do fixtures of a file."""

import json
import os
import subprocess
import sys

import pytest

from harness import ROOT
from harness.plugin.distribution import group

NOTES_ITS_CORES = """
import json, os, pathlib
name = os.environ.get("PYTEST_XDIST_WORKER")
if name:
    cores = sorted(os.sched_getaffinity(0))
    pathlib.Path(__file__).with_name(name).write_text(json.dumps(cores))
"""


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/test_equivalence.py::test_many_steps[float64-keras-jax-cnn]", "keras-jax"),
        ("tests/test_preprocessing.py::test_a_single_lit_pixel_stays_where_it_is[keras-torch-mlp-0-27]", "keras-torch"),
        ("tests/test_mistakes.py::test_caught[keras-no_scaling]", "keras"),
        ("tests/test_framework_defaults.py::test_jax_returns_before_it_is_done", "tests/test_framework_defaults.py"),
        ("tests/harness/test_session.py::test_any[numpy]", "tests/harness/test_session.py"),
    ],
)
def test_tests_that_share_a_worker_or_a_file_share_a_process(nodeid, expected):
    assert group(nodeid) == expected


def test_each_process_has_its_share_of_the_cores(tmp_path):
    (tmp_path / "conftest.py").write_text(NOTES_ITS_CORES)
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    plugins = [f"-p{name}" for name in ("no:cacheprovider", "xdist", "harness.plugin.distribution")]
    options = ["-q", *plugins, "-n", "2", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # some take a second
    done = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0
    cores = sorted(os.sched_getaffinity(0))
    shares = [json.loads((tmp_path / f"gw{number}").read_text()) for number in (0, 1)]
    assert shares == [cores[0::2], cores[1::2] or cores]
