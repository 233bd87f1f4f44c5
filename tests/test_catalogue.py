"""The suite can fail: each wrong implementation of the catalogue is caught by the test that is meant to catch it."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from functools import cache

import pytest

from harness import ROOT
from tests import catalogue, catalogue_of_distillation, catalogue_of_parallel, catalogue_of_quantization
from tests.catalogue import Change
from tests.catalogue_of_exports import MISTAKES, SHELF
from tests.project import Project, require

pytestmark = pytest.mark.catalogue
PARALLEL = "impls/parallel"
CATALOGUES = {  # by folder
    "impls": catalogue.CONTROLS,
    "impls/quantization": catalogue_of_quantization.CONTROLS,
    "impls/distillation": catalogue_of_distillation.CONTROLS,
    PARALLEL: catalogue_of_parallel.MISTAKES,
}
BACKEND = "jax"  # the one Keras backend that is tried: the quickest to import, and it reaches every rung in float64
PACKAGES = {  # of the frameworks in which mistakes are made
    "pytorch": ("torch", "torchvision"),
    "keras": ("keras", BACKEND),
    "jax": ("jax", "optax"),
    "tensorflow": ("tensorflow",),
}
FEW = [("return images, epochs, epochs", "return images.first(2000), epochs, epochs")]  # enough to be exported


def spoiled(source: str, changes: Iterable[Change]) -> str:
    for old, new in changes:
        assert old in source, f"the catalogue is out of date: {old!r} does not stand in the file any more"
        source = source.replace(old, new)
    return source.replace("BACKENDS =", "_backends =")  # a file of its own is one variant


def messages(project: Project, *arguments: str, **environment: str) -> dict[str, str]:
    """Runs pytest there; test id -> "passed" or the message of the failure."""
    done = project.run("-q", "--junitxml=report.xml", *arguments, **environment)
    report = project.folder / "report.xml"
    assert report.exists(), done.stdout + done.stderr
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        found[case.get("name")] = bad[0].get("message") if bad else "passed"
    return found


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory, dataset):
    """Runs a whole catalogue of one framework in one process: what `messages` returns."""
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
        # In this order, what a file of tests has found out it need not find out again.
        made = [control for control in CATALOGUES[folder] if getattr(control, framework, ())]
        for control in sorted(made, key=lambda control: control.caught_by):
            for variant in (unchanged, add(control.name, getattr(control, framework))):
                tests[control.caught_by.format(f"{variant}-{control.network}")] = variant
        frameworks = [f"--framework={name}" for name in dict.fromkeys(tests.values())]
        options = "--in-process", "--network=all", *(["-m", "parallel"] if folder == PARALLEL else [])
        finished[framework, folder] = messages(project, *options, *frameworks, *tests, KERAS_BACKEND=BACKEND)
        return finished[framework, folder]

    return run


@pytest.mark.parametrize(
    ("framework_name", "folder", "control"),
    [
        pytest.param(
            framework,
            folder,
            each,
            id=f"{framework}-{each.name}",
            marks=[pytest.mark.parallel] if folder == PARALLEL else [],
        )
        for framework in PACKAGES
        for folder, controls in CATALOGUES.items()
        for each in controls
        if getattr(each, framework, ())
    ],
)
def test_caught(outcomes, framework_name, folder, control):
    """The assertion of that test fails for the wrong implementation, and holds for the right one."""
    require(*PACKAGES[framework_name])
    found = outcomes(framework_name, folder)
    test = control.caught_by.rpartition("::")[2]
    assert found[test.format(f"{framework_name}_unchanged-{control.network}")] == "passed"
    message = found[test.format(f"{framework_name}_{control.name}-{control.network}")]
    assert message.startswith(("AssertionError", "assert ")), f"{control.name} was not caught by {test}: {message}"


@pytest.fixture(scope="session")
def outcome(tmp_path_factory, dataset):
    """Runs one test, with changes of one file or without: "passed" or the message of the failure."""

    @cache
    def outcome(test: str, file: str = SHELF, changes: tuple[Change, ...] = ()) -> str:
        project = Project(tmp_path_factory.mktemp("exports"), dataset)
        for path, made in ((SHELF, FEW), (file, changes)):
            project.add_file(path, spoiled((project.folder / path).read_text(), made))
        options = "--framework=numpy", "--network=all", "--epochs=1", "-m", "edge or quantization"
        return messages(project, *options, test)[test.rpartition("::")[2]]

    return outcome


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(
            each, id=each.name, marks=[pytest.mark.edge, pytest.mark.long] if "test_edge" in each.caught_by else []
        )
        for each in MISTAKES
    ],
)
def test_caught_on_the_way_to_a_device(outcome, mistake):
    """As above; but what is changed is shared by all variants, so each mistake has a project of its own."""
    assert outcome(mistake.caught_by) == "passed"
    message = outcome(mistake.caught_by, mistake.file, tuple(mistake.changes))
    assert message.startswith(("AssertionError", "assert ")), f"not caught by {mistake.caught_by}: {message}"
