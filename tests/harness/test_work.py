"""Two versions that do the same work have the same counts, and one more call is seen, with its package."""

import pytest

from harness.regression.pair import Pair
from harness.regression.work import CHECKS, difference
from impls.contract import Settings
from tests.fakes import PatchedNumpy

MORE_CALLS = """
def train_step(*arguments, right=train_step):
    return right(*arguments)
"""
MORE_KERNELS = """
def mlp(params, x, right=mlp):
    return right(params, x @ np.eye(x.shape[1], dtype=x.dtype))
MODELS = {"mlp": mlp}
"""


@pytest.fixture
def counted(dataset):
    """Return a function: word and reason of each check between NumPy and NumPy in whose module `code` ran."""

    def counted(code):
        pair = Pair("numpy", Settings(), dataset, (PatchedNumpy(), PatchedNumpy(code)))
        return {name: check(pair) for name, check in CHECKS.items()}

    return counted


def test_same_code_has_the_same_counts(counted):
    assert {found.word for found in counted("").values()} == {"identical"}


def test_one_more_call_is_named_with_its_package(counted):
    found = counted(MORE_CALLS)
    assert (found["calls"].word, found["loaded"].word) == ("different", "identical")
    assert "(impls +1)" in found["calls"].reason
    assert "predict_step" not in found["calls"].reason


def test_one_more_kernel_is_counted_in_both_operations(counted):
    reason = counted(MORE_KERNELS)["kernels"].reason
    assert reason.startswith("train_step-128 ")
    assert "; predict_step-128 " in reason


def test_difference_shows_the_largest_changes_first():
    before, after = {"a": 5, "b": 5, "c": 5, "gone": 100}, {"a": 6, "b": 9, "c": 5, "d": 2, "e": 1, "f": 1}
    assert difference(before, after) == "115 -> 24 (gone -100, b +4, d +2, a +1, 2 more)"
    assert not difference(before, before)
