"""The suite can fail: each wrong implementation of the catalogue is caught by the test that is meant to catch it."""

import xml.etree.ElementTree as ElementTree

import pytest

from harness import ROOT
from tests import catalogue, catalogue_of_quantization
from tests.catalogue import Change
from tests.project import Project, require

pytestmark = pytest.mark.catalogue
CATALOGUES = {"impls": catalogue.CONTROLS, "impls/quantization": catalogue_of_quantization.CONTROLS}  # by folder
BACKEND = "jax"  # the one Keras backend that is tried: the quickest to import, and it reaches every rung in float64


def spoiled(source: str, changes: list[Change]) -> str:
    for old, new in changes:
        assert old in source, f"the catalogue is out of date: {old!r} does not stand in the file any more"
        source = source.replace(old, new)
    return source.replace("BACKENDS =", "_backends =")  # a file of its own is one variant


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory, dataset):
    """Runs a whole catalogue of one framework in one process; test id -> "passed" or the message of the failure."""
    finished = {}

    def run(framework: str, folder: str) -> dict[str, str]:
        if (framework, folder) in finished:
            return finished[framework, folder]
        project = Project(tmp_path_factory.mktemp(framework), dataset)

        def add(name: str, changes: list[Change]) -> str:
            """What is not changed is copied, or there would be no variant of this name."""
            for path in dict.fromkeys(["impls", folder]):
                source = (ROOT / path / f"{framework}.py").read_text()
                project.add_file(f"{path}/{framework}_{name}.py", spoiled(source, changes if path == folder else []))
            return f"{framework}_{name}"

        unchanged, tests = add("unchanged", []), {}
        for control in sorted(CATALOGUES[folder], key=lambda control: control.caught_by):  # what a file knows, it knows
            for variant in (unchanged, add(control.name, getattr(control, framework))):  # once
                tests[control.caught_by.format(f"{variant}-{control.network}")] = variant
        frameworks = [f"--framework={name}" for name in dict.fromkeys(tests.values())]
        options = "-q", "--in-process", "--junitxml=report.xml", "--network=all", *frameworks
        done = project.run(*options, *tests, KERAS_BACKEND=BACKEND)
        report = project.folder / "report.xml"
        assert report.exists(), done.stdout + done.stderr
        found = finished[framework, folder] = {}
        for case in ElementTree.parse(report).iter("testcase"):
            bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
            found[case.get("name")] = bad[0].get("message") if bad else "passed"
        return found

    return run


@pytest.mark.parametrize(
    ("folder", "control"),
    [pytest.param(folder, each, id=each.name) for folder, controls in CATALOGUES.items() for each in controls],
)
@pytest.mark.parametrize("framework_name", ["pytorch", "keras"])
def test_caught(outcomes, framework_name, folder, control):
    """The assertion of that test fails for the wrong implementation, and holds for the right one."""
    require(*{"pytorch": ("torch", "torchvision"), "keras": ("keras", BACKEND)}[framework_name])
    found = outcomes(framework_name, folder)
    test = control.caught_by.rpartition("::")[2]
    assert found[test.format(f"{framework_name}_unchanged-{control.network}")] == "passed"
    message = found[test.format(f"{framework_name}_{control.name}-{control.network}")]
    assert message.startswith(("AssertionError", "assert ")), f"{control.name} was not caught by {test}: {message}"
