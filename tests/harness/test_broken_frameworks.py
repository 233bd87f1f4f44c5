"""A framework that crashes, cannot be imported or is not installed fails or skips its own tests, and no others.

The run writes a page of its results and failures.
"""

import xml.etree.ElementTree as ElementTree

import pytest

from harness.page.page import html
from harness.page.results import read
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
BROKEN = {"no_library": "raise ImportError('libfoo.so: <undefined> symbol')", "leaves": "exit(1)"}
TESTS = [f"tests/test_{name}.py" for name in ("output", "network", "equivalence", "accuracy")]


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
    trained = "numpy and (test_accuracy or many_steps and float64)"
    chosen = ("-k", f"order_of_the_batch or seed_alone or (test_logits and float64) or {trained}", "--epochs=1")
    files = ("--junitxml=report.xml", "--page=report.html", "--results=results.json")
    options = ("-n", "2", *files, "--batch-size=1024", *(f"--framework={name}" for name in variants))
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


def test_results_and_failures_are_on_the_page(run):
    page, results = (run.folder / "report.html").read_text(), read([run.folder / "results.json"])
    assert page == html(results)
    [training] = results.of("training", "mlp")
    assert training["epoch_accuracies"][0][-1] == training["accuracies"][0] == 1 - len(training["wrong"][0]) / 10_000
    assert results.dataset["hard"]["indices"] == sorted(map(int, training["wrong"][0]))
    for followed in results.followed("mlp"):
        assert max(followed["trajectory"]) == pytest.approx(followed["error"], rel=0.01)
    assert [f'href="#{section}"' in page for section in ("equality", "learning", "missing")] == [True, True, True]
    assert {trouble["outcome"] for trouble in results.troubles} >= {"failed", "error"}
    assert "ImportError: libfoo.so: &lt;undefined&gt; symbol" in page
