"""A run writes a page of its results, and the data that the page is made of."""

import pytest

from harness.page.page import html
from harness.page.results import read


@pytest.fixture
def run(project):
    """Run pytest on NumPy in a copy of the project; return its exit status, the page and the results."""

    def run(*arguments):
        done = project.run("--framework=numpy", "--page=report.html", "--results=results.json", *arguments)
        page, results = (project.folder / "report.html").read_text(), read([project.folder / "results.json"])
        assert page == html(results)
        return done.returncode, page, results

    return run


def test_results_and_failures_are_on_the_page(run, project):
    project.add("broken", "def fit(self, *_):\n    raise RuntimeError('it <broke>')")
    project.add_file("tests/test_bad.py", "import nowhere_at_all")
    tests = (
        "tests/test_accuracy.py",
        "tests/test_equivalence.py",
        "tests/test_bad.py",
        "-k",
        "test_accuracy or many_steps",
    )
    status, page, results = run(*tests, "--framework=broken", "--epochs=1", "--continue-on-collection-errors")
    assert status == 1
    [training] = results.of("training", "mlp")
    assert training["epoch_accuracies"][0][-1] == training["accuracies"][0] == 1 - len(training["wrong"][0]) / 10_000
    assert results.dataset["hard"]["indices"] == sorted(map(int, training["wrong"][0]))
    for followed in results.followed("mlp"):
        assert max(followed["trajectory"]) == pytest.approx(followed["error"], rel=0.01)
    assert [f'href="#{section}"' in page for section in ("equality", "learning", "missing")] == [True, True, True]
    assert {trouble["outcome"] for trouble in results.troubles} == {"failed", "error"}
    assert "RuntimeError: it &lt;broke&gt;" in page


def test_each_process_run_is_on_the_page(run):
    status, _, results = run("tests/test_latency.py", "--benchmark-only", "--process-runs=2", "-k", "train_step-128")
    assert status == 0
    [step], [process] = results.of("timing", "mlp"), results.of("process", "mlp")
    assert len(step["seconds"]) == len(step["roofline"]) == 2
    assert set(process["starting"]) == {"import", "building", "first step"}
