"""`--changed` selects the tests that a change can affect."""

import subprocess

import pytest

from harness.plugin.changed import changed_files

OF_HARNESS = [f"tests/harness/test_{name}.py" for name in ("page", "verdict", "wire")]
OF_VARIANTS = ("accuracy", "network", "output", "parallel", "reference", "equivalence")
FILES = [*(f"tests/test_{name}.py" for name in OF_VARIANTS), *OF_HARNESS]


@pytest.fixture
def selected(run_here, monkeypatch):
    """Return a function that gives the tests of `FILES` that a change of this file selects: file and name."""

    def selected(file, *arguments):
        monkeypatch.setattr("harness.plugin.changed.changed_files", lambda revision: {file})
        lines = run_here("--changed", "--collect-only", "-q", *arguments, *FILES).stdout.splitlines()
        return [line.split("::") for line in lines if line.startswith("tests/")]

    return selected


def test_change_of_a_framework_selects_its_variants(selected):
    names = [name for _, name in selected("impls/keras/mnist.py")]
    assert any("keras-torch" in name for name in names)
    assert all("keras" in name for name in names)


def test_change_of_a_module_that_frameworks_share_selects_their_variants(selected):
    names = [name for _, name in selected("impls/keras_state.py")]
    assert any("keras-jax" in name for name in names)
    assert any("tensorflow" in name for name in names)
    assert not any("pytorch" in name or "numpy" in name for name in names)


def test_change_of_another_framework_selects_the_chapter_that_imports_it(selected):
    names = [name for _, name in selected("impls/tensorflow/parallel.py", "-m", "parallel")]
    assert any("keras-tensorflow" in name for name in names)
    assert not any("pytorch" in name for name in names)


@pytest.mark.parametrize(("file", "trained"), [("impls/jax/mnist.py", ["jax"]), ("harness/judging/intervals.py", [])])
def test_accuracy_is_tested_after_a_change_of_its_variant(selected, file, trained):
    names = {name for of, name in selected(file) if of == "tests/test_accuracy.py"}
    assert names == {f"test_accuracy[{variant}-mlp]" for variant in trained}


def test_change_of_the_reference_selects_what_is_compared_with_it(selected):
    found = selected("impls/numpy/mnist.py")
    assert "tests/test_reference.py" in {file for file, _ in found}
    assert any("jax" in name for file, name in found if file == "tests/test_equivalence.py")


def test_change_of_shared_code_selects_importers_and_reference(selected):
    files, names = zip(*selected("harness/judging/verdict.py"), strict=True)
    assert "tests/harness/test_verdict.py" in files
    assert "tests/harness/test_wire.py" not in files
    assert "test_parameter_count_by_the_framework[numpy-mlp]" in names
    assert "test_parameter_count_by_the_framework[jax-mlp]" not in names


@pytest.mark.parametrize(
    ("file", "files"),
    [
        ("tests/test_output.py", {"tests/test_output.py"}),
        ("tests/harness/conftest.py", {*OF_HARNESS}),
        ("README.md", set()),
    ],
)
def test_change_of_a_test_selects_its_file_alone(selected, file, files):
    assert {each for each, _ in selected(file)} == files


def test_change_of_a_template_selects_the_tests_of_its_page(selected):
    files = {file for file, _ in selected("harness/page/templates/page.css")}
    assert "tests/harness/test_page.py" in files
    assert "tests/harness/test_verdict.py" not in files


def test_changed_and_new_files_are_those_of_git(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.plugin.changed.ROOT", tmp_path)
    git = ("git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@localhost")
    (tmp_path / "old.py").touch()
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=first"]):
        subprocess.run([*git, *command], check=True)
    for name in ("old.py", "new.py"):
        (tmp_path / name).write_text("changed = True\n")
    assert changed_files("HEAD") == {"old.py", "new.py"}


def test_unknown_revision_is_refused(run_here):
    done = run_here("--changed=no-such-revision", "--collect-only", FILES[0])
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no-such-revision" in done.stdout
