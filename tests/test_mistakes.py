"""Mutation tests: each deliberate mistake makes the test fail that must catch it; the unchanged variant passes it."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import harness.edge.exports
import impls
from harness import ROOT
from harness.edge.exports import ExportCache
from impls.edge import EXPORTERS
from tests.mistakes import Listed, Mistake, exports, mistakes
from tests.project import require

pytestmark = pytest.mark.mutation
OF_EXPORTS = [each for each in vars(exports).values() if isinstance(each, type) and each.__base__ is Mistake]
FEW = 2000  # training images, enough for an export


def messages(report: Path) -> dict[str, str]:
    """Read pytest's report: test id -> "passed" or the message of the failure."""
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        found[f"{case.get('file')}::{case.get('name')}"] = bad[0].get("message") if bad else "passed"
    return found


def assert_caught(found: dict[str, str], unchanged: str, mistaken: str) -> None:
    """Assert that the test passes for the unchanged variant, and that its assertion fails for the mistake."""
    passed, failed = (found[test] for test in (unchanged, mistaken))
    assert passed == "passed"
    assert failed.startswith(("AssertionError", "assert ")), f"{mistaken}: {failed}"


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory, dataset):
    """Return a function that tries a mistake, and the unchanged variant: what `messages` returns.

    All mistakes of a folder are tried in one process; those of two processes, which run with a mark, in another.
    """
    finished = {}

    def outcomes(mistake):
        batch = mistake.folder, mistake.file == "parallel"
        if batch not in finished:
            finished[batch] = tried([each for each in mistakes() if (each.folder, each.file == "parallel") == batch])
        return finished[batch]

    def tried(chosen):
        tests, report = {}, tmp_path_factory.mktemp("mistakes") / "report.xml"
        # In this order, results of a test file that are the same for all variants are computed once.
        for mistake in sorted(chosen, key=lambda mistake: mistake.caught_by):
            for variant in (mistake.folder, f"{mistake.folder}-{mistake.name}"):
                tests[mistake.test(variant)] = variant
        variants = [f"--framework={variant}" for variant in dict.fromkeys(tests.values())]
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}", "--in-process", "--network=all"]
        options += ["-m", "parallel"] if chosen[0].file == "parallel" else []
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *variants, *tests],
            cwd=ROOT,
            env=ours | {"MNIST_DIR": dataset.directory, "MNIST_VARIANTS": "tests.mistakes"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert report.exists(), done.stdout + done.stderr
        return messages(report)

    return outcomes


def parameter(mistake):
    """Return the parameter of a test, with the marks of the test that catches the mistake."""
    marks = {"parallel": [pytest.mark.parallel], "edge": [pytest.mark.edge, pytest.mark.long]}
    file = mistake.caught_by.partition(".py")[0].removeprefix("tests/test_")
    return pytest.param(mistake, marks=marks.get(file, []))


def name(mistake):
    return f"{mistake.folder}-{mistake.name}" if isinstance(mistake, Listed) else mistake.__name__


@pytest.mark.parametrize("mistake", [parameter(each) for each in mistakes() if each.folder != "numpy"], ids=name)
def test_caught(outcomes, mistake):
    require(*impls.variants()[mistake.folder].packages)
    found = outcomes(mistake)
    assert_caught(found, mistake.test(mistake.folder), mistake.test(f"{mistake.folder}-{mistake.name}"))


@pytest.fixture
def exported(run_here, monkeypatch, tmp_path):
    """Return a function that runs tests of an export by NumPy of few images: what `messages` returns."""
    monkeypatch.setattr(harness.edge.exports, "plan", lambda images, *_: (images.first(FEW), 1, 1))

    def exported(*tests):
        report = tmp_path / "report.xml"
        done = run_here("-q", f"--junitxml={report}", "--network=all", "-m", "edge or quantization", *tests)
        assert report.exists(), done.stdout
        return messages(report)

    return exported


@pytest.mark.parametrize("mistake", [parameter(each) for each in mistakes() if each.folder == "numpy"], ids=name)
def test_caught_in_an_export(exported, monkeypatch, mistake):
    """NumPy's exports compute in worker processes, where MNIST_VARIANTS makes the mistake."""
    variant = f"numpy-{mistake.name}"
    monkeypatch.setenv("MNIST_VARIANTS", "tests.mistakes")
    monkeypatch.setitem(EXPORTERS, variant, EXPORTERS["numpy"])
    tests = mistake.test("numpy"), mistake.test(variant)
    impls.variants.cache_clear()
    try:
        assert_caught(exported(*tests), *tests)
    finally:
        impls.variants.cache_clear()


@pytest.mark.parametrize("mistake", [parameter(each) for each in OF_EXPORTS], ids=name)
def test_caught_in_the_export_cache(exported, monkeypatch, mistake):
    """The cache of exports is not of a variant, so the test runs twice."""
    test = mistake.caught_by.format("numpy-mlp")
    right = exported(test)
    monkeypatch.setattr(ExportCache, "trained", mistake.trained)
    [message] = exported(test).values()
    assert_caught({**right, "mistaken": message}, test, "mistaken")
