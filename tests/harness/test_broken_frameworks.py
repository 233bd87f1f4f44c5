"""A framework that crashes, cannot be imported or is not installed fails or skips its own tests, and no others."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.project import Project

WARNED = """
def logits(self, images):
    import warnings
    warnings.warn('computed something else instead')
    return super().logits(images)
"""
COUNTED = """
def __init__(self, settings):
    open(f'pid-{os.getpid()}', 'w').close()
    super().__init__(settings)
"""
BROKEN = {"no_library": "raise ImportError('libfoo.so: undefined symbol')", "leaves": "exit(1)"}
TESTS = ("tests/test_output.py", "tests/test_network.py", "tests/test_equivalence.py")


@pytest.fixture(scope="module")
def run(tmp_path_factory, dataset):
    """The finished run of all these under pytest-xdist, with `report`: variant -> test -> outcome; and its folder."""
    project = Project(tmp_path_factory.mktemp("broken"), dataset)
    project.add("counted", COUNTED)
    project.add("warned", WARNED)
    project.add_file("impls/absent/adapter.py", "import no_such_framework\n")
    project.add("crashes", "def logits(self, images): os._exit(3)")
    for name, line in BROKEN.items():
        project.add_file(f"impls/{name}/adapter.py", f"import json\n{line}\n")
    variants = ("numpy", "absent", "counted", "warned", "crashes", *BROKEN)
    chosen = ("-k", "order_of_the_batch or seed_alone or (test_logits and float64)")
    options = ("-n", "2", "--junitxml=report.xml", *(f"--framework={name}" for name in variants))
    done = project.run(*options, *TESTS, *chosen)
    done.report = {name: {} for name in variants}
    for case in ElementTree.parse(project.folder / "report.xml").iter("testcase"):
        outcome = next((each.tag for each in case if each.tag in ("failure", "error", "skipped")), "passed")
        test, _, parameters = case.get("name").partition("[")
        done.report[parameters.removesuffix("-mlp]").rpartition("-")[2]][test] = outcome
    done.folder = project.folder
    return done


def test_missing_package_is_a_skip_that_names_it(run):
    assert set(run.report["absent"].values()) == {"skipped"}
    assert "no_such_framework is not installed" in run.stdout


@pytest.mark.parametrize("name", BROKEN)
def test_failed_import_is_shown_once_with_its_place(run, name):
    assert set(run.report[name].values()) <= {"failure", "error"}
    places = [line for line in run.stdout.splitlines() if f"impls/{name}/adapter.py:2" in line]
    assert len([place for place in places if place.startswith("E ")]) == 1  # CI's summary repeats the message


def test_crash_fails_its_test_and_the_next_one_passes(run):
    assert run.report["crashes"] == {
        "test_order_of_the_batch_does_not_matter": "failure",
        "test_parameters_depend_on_the_seed_alone": "passed",
        "test_logits": "failure",
    }
    assert "the worker of crashes died during 'logits': exit code" in run.stdout


def test_other_and_added_frameworks_pass(run):
    assert [set(run.report[name].values()) for name in ("numpy", "counted", "warned")] == [{"passed"}] * 3


def test_warning_of_a_worker_is_one_note_at_the_end(run):
    assert run.stdout.count("note [warned]: computed something else instead") == 1


def test_tests_of_one_framework_share_a_worker(run):
    assert len(list(run.folder.glob("pid-*"))) == 1
