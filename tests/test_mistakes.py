"""Mutation tests: each deliberate mistake makes the test fail that must catch it; the unchanged variant passes it."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from harness import ROOT
from tests.mistakes import mistakes
from tests.project import require

pytestmark = pytest.mark.catalogue
UNCHANGED = {"pytorch": "pytorch", "keras": "keras-jax", "jax": "jax", "tensorflow": "tensorflow"}  # by folder
PACKAGES = {
    "pytorch": ("torch", "torchvision"),
    "keras": ("keras", "jax"),  # the backend that is imported fastest, and that computes everything in float64
    "jax": ("jax", "optax"),
    "tensorflow": ("tensorflow",),
}


@pytest.fixture(scope="session")
def messages(tmp_path_factory, dataset):
    """Return a function that runs pytest: test id without its file -> "passed" or the message of the failure."""

    def messages(*arguments):
        report = tmp_path_factory.mktemp("mistakes") / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments]
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment = ours | {"MNIST_DIR": dataset.directory, "MNIST_VARIANTS": "tests.mistakes"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert report.exists(), done.stdout + done.stderr
        found = {}
        for case in ElementTree.parse(report).iter("testcase"):
            bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
            found[case.get("name")] = bad[0].get("message") if bad else "passed"
        return found

    return messages


@pytest.fixture(scope="session")
def outcomes(messages):
    """Return a function that tries all mistakes of a file in one process, beside the unchanged variant."""
    finished = {}

    def outcomes(folder, file):
        if (folder, file) not in finished:
            unchanged, tests = UNCHANGED[folder], {}
            tried = [each for each in mistakes() if (each.folder, each.file) == (folder, file)]
            # In this order, results of a test file that are the same for all variants are computed once.
            for mistake in sorted(tried, key=lambda mistake: mistake.caught_by):
                for variant in (unchanged, f"{unchanged}-{mistake.name}"):
                    tests[mistake.test(variant)] = variant
            variants = [f"--framework={variant}" for variant in dict.fromkeys(tests.values())]
            options = "--in-process", "--network=all", *(["-m", "parallel"] if file == "parallel" else [])
            finished[folder, file] = messages(*options, *variants, *tests)
        return finished[folder, file]

    return outcomes


def parameter(mistake):
    marks = [pytest.mark.parallel] if mistake.file == "parallel" else []
    return pytest.param(mistake, id=f"{mistake.folder}-{mistake.name}", marks=marks)


@pytest.mark.parametrize("mistake", [*map(parameter, mistakes())])
def test_caught(outcomes, mistake):
    """The test's assertion fails for the mistake and holds for the unchanged variant."""
    require(*PACKAGES[mistake.folder])
    found, unchanged = outcomes(mistake.folder, mistake.file), UNCHANGED[mistake.folder]
    assert found[mistake.test(unchanged).partition("::")[2]] == "passed"
    message = found[mistake.test(f"{unchanged}-{mistake.name}").partition("::")[2]]
    assert message.startswith(("AssertionError", "assert ")), f"{mistake.name}: {message}"
