"""A run writes a page of its results, and the data that the page is made of."""

import pytest

from harness.page.page import html
from harness.page.results import read
from tests.fakes import FakeWorker


def test_results_and_failures_are_on_the_page(project):
    project.add("broken", "def fit(self, *_):\n    raise RuntimeError('it <broke>')")
    project.add_file("tests/test_bad.py", "import nowhere_at_all")
    tests = ("tests/test_accuracy.py", "tests/test_equivalence.py", "tests/test_bad.py")
    variants = ("--framework=numpy", "--framework=broken", "--epochs=1", "--batch-size=1024", "--threads=1")
    options = ("--continue-on-collection-errors", "-k", "test_accuracy or many_steps and float64")
    files = ("--page=report.html", "--results=results.json")
    done = project.run(*tests, *variants, *options, *files)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    page, results = (project.folder / "report.html").read_text(), read([project.folder / "results.json"])
    assert page == html(results)
    [training] = results.of("training", "mlp")
    assert training["epoch_accuracies"][0][-1] == training["accuracies"][0] == 1 - len(training["wrong"][0]) / 10_000
    assert results.dataset["hard"]["indices"] == sorted(map(int, training["wrong"][0]))
    for followed in results.followed("mlp"):
        assert max(followed["trajectory"]) == pytest.approx(followed["error"], rel=0.01)
    assert [f'href="#{section}"' in page for section in ("equality", "learning", "missing")] == [True, True, True]
    assert {trouble["outcome"] for trouble in results.troubles} == {"failed", "error"}
    assert "RuntimeError: it &lt;broke&gt;" in page


def test_results_hold_each_process_run(run_here, tmp_path):
    file = tmp_path / "results.json"
    chosen = ("--framework=numpy", "--benchmark-only", "--process-runs=2", "-k", "train_step-128")
    run_here(*chosen, f"--results={file}", "tests/test_latency.py", worker=lambda name: FakeWorker(name=name))
    results = read([file])
    [step], [process] = results.of("timing", "mlp"), results.of("process", "mlp")
    assert len(step["seconds"]) == len(step["roofline"]) == 2
    assert set(process["starting"]) == {"import", "building", "first step"}
