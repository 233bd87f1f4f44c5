"""Old names of options and markers work, with a warning that names the new ones."""

import pytest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("-m", "ladder"), "-m equivalence"),
        (("-m", "not catalogue"), "-m mutation"),
        (("-m", "not growth"), "-m trajectory"),
        (("--referee=numpy",), "--reference"),
        (("--launches", "1"), "--process-runs"),
        (("--error=2",), "--alpha"),
    ],
)
def test_old_name_works_with_a_warning(run_here, old, new):
    done = run_here("-q", "--collect-only", "--framework=numpy", *old, "tests/test_equivalence.py")
    assert "test_logits[float64-numpy-mlp]" in done.stdout
    assert f"use {new}" in done.stdout


def test_new_names_give_no_warning(run_here):
    done = run_here("-q", "--collect-only", "-m", "equivalence", "--alpha=1", "tests/test_equivalence.py")
    assert done.returncode == 0
    assert "deprecated" not in done.stdout
