"""`--changed` selects the tests that a change can affect."""

import pytest


@pytest.fixture
def selected(run_here, monkeypatch):
    """Return a function that gives the ids of the tests that a change of these files selects."""

    def selected(*files):
        monkeypatch.setattr("harness.plugin.changed.changed_files", lambda revision: set(files))
        lines = run_here("--changed", "--collect-only", "-q").stdout.splitlines()
        return [line for line in lines if line.startswith("tests/")]

    return selected


def test_change_of_a_framework_selects_its_variants(selected):
    found = selected("impls/keras/mnist.py")
    assert any("keras-torch" in test for test in found)
    assert all("keras" in test for test in found)


def test_change_of_shared_code_selects_importers_and_the_reference(selected):
    found = selected("harness/judging/verdict.py")
    assert any(test.startswith("tests/harness/test_verdict.py") for test in found)
    assert "tests/test_network.py::test_parameter_count_by_the_framework[numpy-mlp]" in found
    assert "tests/test_network.py::test_parameter_count_by_the_framework[jax-mlp]" not in found
    assert not any(test.startswith("tests/harness/test_wire.py") for test in found)


def test_change_of_a_test_file_selects_the_file(selected):
    assert {test.partition("::")[0] for test in selected("tests/test_output.py")} == {"tests/test_output.py"}


def test_change_of_a_page_selects_nothing(selected):
    assert selected("README.md", "docs/page.md") == []


def test_unknown_revision_is_refused_in_one_line(run_here):
    done = run_here("--changed=no-such-revision", "--collect-only")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no-such-revision" in done.stdout
