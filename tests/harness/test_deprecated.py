"""Old names of options and markers work, with a warning that names the new ones."""

import pytest

from harness.plugin.deprecated import MARKERS, OPTIONS


def test_old_names_work_with_a_warning_for_each(run_here):
    old = ("-m", "ladder and not catalogue and not growth", "--referee=numpy", "--launches", "1", "--error=2")
    done = run_here("-q", "--collect-only", "--framework=numpy", *old, "tests/test_equivalence.py")
    assert "test_logits[float64-numpy-mlp]" in done.stdout
    assert "test_many_steps" not in done.stdout
    new = [*OPTIONS.values(), *(f"-m {name}" for name in MARKERS.values())]
    assert [name for name in new if f"use {name}" not in done.stdout] == []


def test_new_names_give_no_warning(run_here):
    done = run_here("-q", "--collect-only", "-m", "equivalence", "--alpha=1", "tests/test_equivalence.py")
    assert done.returncode == pytest.ExitCode.OK
    assert "deprecated" not in done.stdout
