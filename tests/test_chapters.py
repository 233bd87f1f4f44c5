"""A chapter is one file: it declares a marker, a parameter, a fixture and a table, and no other file names it."""

from impls import distillation

CHAPTER = """
import pytest

from harness.plugin.chapter import Chapter
from harness.report.record import of_kind
from harness.report.tables import plain_table


def tables(network, results):
    rows = [(each["variant"], each["norm"]) for each in of_kind(results, "norm", network)]
    yield plain_table(f"norms of {network}", ("variant", "norm"), rows)


CHAPTER = Chapter(
    "norms",
    "measures the norms of parameters",
    exists=lambda variant, network: variant == "numpy",
    parameters=("framework", "order"),
    expand=lambda case: [(case, 1), (case, 2)],
    on_request=True,
    tables=tables,
)


@pytest.fixture
def norm(framework):
    return lambda order: sum((abs(array) ** order).sum() for array in framework.get_parameters().values())
"""
TEST = """
import pytest


@pytest.mark.norms
def test_norm(framework, order, norm, record):
    assert norm(order) > 0
    record("norm", norm=f"L{order}")
"""


def test_sixth_chapter_is_one_file(project):
    project.add("other", "pass")
    project.add_file("harness/plugin/chapters/norms.py", CHAPTER)
    project.add_file("tests/test_norms.py", TEST)
    arguments = "--framework=numpy", "--framework=other", "tests/test_norms.py", "-v"
    done = project.run(*arguments, "-m", "norms")
    assert done.returncode == 0, done.stdout
    names = [line.partition("[")[2].partition("]")[0] for line in done.stdout.splitlines() if "PASSED" in line]
    assert names == ["numpy-mlp-1", "numpy-mlp-2"]
    rows = [line.split() for line in done.stdout.splitlines() if "numpy  " in line]
    assert rows == [["numpy", "L1"], ["numpy", "L2"]]
    assert project.run(*arguments).returncode == 5, "without -m, no test of the chapter runs"


def test_variant_without_the_file_has_none_of_its_tests(run_here, add_variant):
    assert distillation.exists("keras-jax", "mlp")
    assert not distillation.exists("keras-jax", "cnn")
    add_variant("newcomer")
    chosen = ("--framework=newcomer", "--framework=numpy", "-m", "distillation")
    collected = run_here("-q", "--collect-only", *chosen, "tests/test_distillation.py").stdout
    assert "numpy-mlp" in collected
    assert "newcomer" not in collected
