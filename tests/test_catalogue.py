"""The suite can fail: each wrong implementation of the catalogue is caught by the test that is meant to catch it."""

import xml.etree.ElementTree as ElementTree

import pytest

from harness import ROOT
from tests.catalogue import CONTROLS
from tests.project import Project, require

pytestmark = pytest.mark.catalogue
BACKEND = "jax"  # the one Keras backend that is tried: the quickest to import, and it reaches every rung in float64


def spoiled(source: str, changes: list[tuple[str, str]]) -> str:
    for old, new in changes:
        assert old in source, f"the catalogue is out of date: {old!r} does not stand in the file any more"
        source = source.replace(old, new)
    return source.replace("BACKENDS =", "_backends =")  # a file of its own is one variant


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory, dataset):
    """Runs the whole catalogue of one framework in one process; test id -> "passed" or the message of the failure."""
    finished = {}

    def run(framework: str) -> dict[str, str]:
        if framework in finished:
            return finished[framework]
        project = Project(tmp_path_factory.mktemp(framework), dataset)
        source = (ROOT / "impls" / f"{framework}.py").read_text()
        project.add_file(f"impls/{framework}_unchanged.py", spoiled(source, []))
        tests = {}
        for control in sorted(CONTROLS, key=lambda control: control.caught_by):  # what a file knows, it knows once
            project.add_file(f"impls/{framework}_{control.name}.py", spoiled(source, getattr(control, framework)))
            for name in ("unchanged", control.name):
                tests[control.caught_by.format(f"{framework}_{name}-{control.network}")] = f"{framework}_{name}"
        frameworks = [f"--framework={name}" for name in dict.fromkeys(tests.values())]
        options = "-q", "--in-process", "--junitxml=report.xml", "--network=all", *frameworks
        done = project.run(*options, *tests, KERAS_BACKEND=BACKEND)
        report = project.folder / "report.xml"
        assert report.exists(), done.stdout + done.stderr
        finished[framework] = {}
        for case in ElementTree.parse(report).iter("testcase"):
            bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
            finished[framework][case.get("name")] = bad[0].get("message") if bad else "passed"
        return finished[framework]

    return run


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
@pytest.mark.parametrize("framework_name", ["pytorch", "keras"])
def test_caught(outcomes, framework_name, control):
    """The assertion of that test fails for the wrong implementation, and holds for the right one."""
    require(*{"pytorch": ("torch", "torchvision"), "keras": ("keras", BACKEND)}[framework_name])
    found = outcomes(framework_name)
    test = control.caught_by.rpartition("::")[2]
    assert found[test.format(f"{framework_name}_unchanged-{control.network}")] == "passed"
    message = found[test.format(f"{framework_name}_{control.name}-{control.network}")]
    assert message.startswith(("AssertionError", "assert ")), f"{control.name} was not caught by {test}: {message}"
