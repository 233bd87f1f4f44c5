"""A run leaves a page of what it found, and the data that it was drawn from."""

import json

import pytest

from harness.page.page import html
from harness.page.results import read, results_of


@pytest.fixture
def run(project):
    """Runs pytest on NumPy in a copy of the project, with a page; the finished process, and the results."""

    def run(*arguments):
        done = project.run("--framework=numpy", "--page=report.html", "--results=results.json", *arguments)
        return done, read([project.folder / "results.json"])

    return run


def test_a_training_and_a_ladder_are_on_it(run, project):
    done, found = run(
        "tests/test_accuracy.py", "tests/test_ladder.py", "-k", "test_accuracy or many_steps", "--epochs=1"
    )
    assert done.returncode == 0, done.stdout
    assert "report.html is written: " in done.stdout
    page = (project.folder / "report.html").read_text()
    assert page == html(found)
    [training] = found.trainings
    assert [len(training[key][0]) for key in ("losses", "seconds", "epoch_accuracies")] == [1, 1, 1]
    assert training["epoch_accuracies"][0][-1] == training["accuracies"][0] == 1 - len(training["wrong"][0]) / 10_000
    followed = {rung["dtype"]: rung for rung in found.rungs if rung["growth"]}
    assert len(followed["float64"]["growth"]) == 100
    assert max(followed["float64"]["growth"]) == pytest.approx(followed["float64"]["error"], rel=0.01)
    assert found.dataset["hard"]["indices"] == sorted(map(int, training["wrong"][0]))
    assert "All learn, mlp" in page
    assert "All 1 compute the same, mlp" in page
    assert 'href="#missing"' not in page
    assert "Not measured in this run. <code>pytest --benchmark-only" in page


def test_what_went_wrong_is_on_it_too(run, project):
    project.add("broken", "def fit(self, *_):\n    raise RuntimeError('it <broke>')")
    done, found = run("tests/test_accuracy.py", "--framework=broken", "--epochs=1")
    assert done.returncode == 1
    [trouble] = found.troubles
    assert (trouble["outcome"], trouble["why"]) == ("failed", "RuntimeError: it <broke>")
    assert "it &lt;broke&gt;" in (project.folder / "report.html").read_text()


def test_a_file_that_cannot_be_collected_is_on_it(run, project):
    project.add_file("tests/test_bad.py", "import nowhere_at_all")
    done, found = run("tests/test_bad.py", "tests/test_network.py", "-k", "shapes")
    assert done.returncode == 2
    assert [trouble["test"] for trouble in found.troubles] == ["tests/test_bad.py"]


def test_launches_are_on_it(run):
    quick = "tests/test_latency.py", "--benchmark-only", "--launches=2", "-k", "train_step-128"
    done, found = run(*quick)
    assert done.returncode == 0, done.stdout
    [launches] = found.launches
    assert len(launches["seconds"]["train_step-128"]) == 2
    assert min(launches["seconds"]["train_step-128"]) > 0
    assert len(found.floors[0]["seconds"]["train_step-128"]) == 2
    assert set(launches["starting"]) == {"import", "building", "first step"}


def test_the_same_data_draw_the_same_page_by_the_command(run, project):
    _, found = run("tests/test_network.py", "-k", "shapes")
    kept = (project.folder / "results.json").read_text()
    assert html(results_of(json.loads(kept), "again")) == (project.folder / "report.html").read_text()
    assert found.trainings == []


def test_a_place_where_no_page_can_be_is_said_before_the_run(project):
    done = project.run("--framework=numpy", "--page=nowhere/report.html")
    assert done.returncode == 4
    assert "--page nowhere/report.html: there is no folder" in done.stderr
