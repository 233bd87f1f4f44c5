"""A framework that crashes, cannot be imported or is not installed fails or skips its own tests, and no others."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.project import Project

WARNED = """
def load_dataset(self, directory):
    import warnings
    warnings.warn('read something else instead')
    return super().load_dataset(directory)
"""
COUNTED = """
def __init__(self, settings):
    open(f'pid-{os.getpid()}', 'w').close()
    super().__init__(settings)
"""
CRASHES = {"exits": "os._exit(3)", "aborts": "os.abort()", "is_killed": "os.kill(os.getpid(), 9)"}
BROKEN = {
    "no_library": "raise ImportError('libfoo.so: undefined symbol')",
    "no_module": "import os.nothing",
    "divides": "1 / 0",
    "leaves": "exit(1)",
}


def chosen(*variants):
    return [argument for variant in variants for argument in ("--framework", variant)]


def outcomes(project, *arguments):
    """Return test id -> outcome, from pytest's own report, and the finished process."""
    done = project.run("--junitxml=report.xml", *arguments)
    cases = ElementTree.parse(project.folder / "report.xml").iter("testcase")
    found = {
        case.get("name"): next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        for case in cases
    }
    return found, done


def of(variant, found):
    """Return test without its parameter -> outcome."""
    return {name.partition("[")[0]: outcome for name, outcome in found.items() if name.endswith(f"{variant}-mlp]")}


@pytest.fixture(scope="module")
def broken(tmp_path_factory, dataset):
    """The outcomes of frameworks that crash, break, or are not installed, and of NumPy."""
    project = Project(tmp_path_factory.mktemp("broken"), dataset)
    project.add_file("impls/absent/adapter.py", "import no_such_framework\n")
    for name, death in CRASHES.items():
        project.add(name, f"def logits(self, images): {death}")
    for name, line in BROKEN.items():
        project.add_file(f"impls/{name}/adapter.py", f"import json\n{line}\n")
    files = ("tests/test_output.py", "tests/test_network.py", "tests/test_ladder.py")
    tests = (*files, "-k", "order_of_the_batch or same_seed_same or (test_logits and float64)")
    return outcomes(project, *chosen("numpy", "absent", *CRASHES, *BROKEN), *tests)


def test_missing_package_is_a_skip_that_names_it(broken):
    found, done = broken
    assert set(of("absent", found).values()) == {"skipped"}
    assert "no_such_framework is not installed, and absent needs it" in done.stdout


@pytest.mark.parametrize("name", BROKEN)
def test_failed_import_is_shown_once_with_its_place(broken, name):
    found, done = broken
    assert set(of(name, found).values()) <= {"failure", "error"}
    places = [line for line in done.stdout.splitlines() if f"impls/{name}/adapter.py:2" in line]
    assert len([place for place in places if place.startswith("E ")]) == 1  # CI's summary repeats the message


@pytest.mark.parametrize("name", CRASHES)
def test_crash_fails_its_test_and_the_next_one_passes(broken, name):
    found, done = broken
    assert of(name, found) == {
        "test_order_of_the_batch_does_not_matter": "failure",
        "test_same_seed_same_parameters_other_seed_others": "passed",
        "test_logits": "failure",
    }
    assert f"the worker of {name} died during 'logits': exit code" in done.stdout


def test_table_has_no_column_for_a_missing_package(broken):
    _, done = broken
    [columns] = [line.split() for line in done.stdout.splitlines() if line.split()[:3] == ["rung", "dtype", "limit"]]
    assert {"numpy", "no_module"} <= set(columns)
    assert "absent" not in columns


def test_other_frameworks_pass(broken):
    found, _ = broken
    assert set(of("numpy", found).values()) == {"passed"}


@pytest.fixture(scope="module")
def added(tmp_path_factory, dataset):
    """The outcomes of two added frameworks and NumPy under pytest-xdist, and the folder of the project."""
    project = Project(tmp_path_factory.mktemp("added"), dataset)
    project.add("counted", COUNTED)
    project.add("warned", WARNED)
    tests = (*chosen("counted", "numpy", "warned"), "tests/test_network.py", "tests/test_dataset.py")
    return *outcomes(project, "-n", "2", *tests), project.folder


def test_added_folder_is_a_variant_in_every_test(added):
    found, done, _ = added
    assert len(of("counted", found)) > 5
    assert of("counted", found).keys() == of("numpy", found).keys()
    assert set(found.values()) == {"passed"}, done.stdout


def test_warning_of_a_worker_is_one_note_at_the_end(added):
    _, done, _ = added
    assert done.stdout.count("note [warned]: read something else instead") == 1


def test_tests_of_one_framework_share_a_worker(added):
    assert len(list(added[2].glob("pid-*"))) == 1
