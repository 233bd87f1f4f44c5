"""Two versions that do the same work have the same counts, and one more call is seen, with its package."""

import re
import sys
from types import SimpleNamespace

import pytest

from harness.measuring.counts import in_process
from harness.regression.work import COUNTED

MORE_CALLS = """
def train_step(*arguments, right=train_step):
    return right(*arguments)
"""
MORE_KERNELS = """
def mlp(params, x, right=mlp):
    return right(params, x @ np.eye(x.shape[1], dtype=x.dtype))
MODELS = {"mlp": mlp}
"""

MORE_ARRAYS = """
def train_step(*arguments, right=train_step):
    kept = np.empty(10**6)
    return right(*arguments)
"""


def test_one_more_call_is_named_with_its_package(findings):
    found = findings(COUNTED, MORE_CALLS)
    assert (found["calls"].word, found["loaded"].word) == ("different", "identical")
    assert "(impls +1)" in found["calls"].reason
    assert "predict_step" not in found["calls"].reason


def test_one_more_kernel_is_counted_in_both_operations(findings):
    reason = findings(COUNTED, MORE_KERNELS)["kernels"].reason
    assert reason.startswith("train_step-128 ")
    assert "; predict_step-128 " in reason


def test_one_more_array_is_counted_in_bytes(findings):
    reason = findings({"allocations": COUNTED["allocations"]}, MORE_ARRAYS)["allocations"].reason
    assert reason.startswith("train_step-128 ")
    assert "predict_step" not in reason
    assert int(re.search(r"peak \+([\d,]+)", reason)[1].replace(",", "")) == pytest.approx(8 * 10**6, abs=1000)


def test_generated_modules_are_left_out(tmp_path, monkeypatch):
    before = in_process()
    monkeypatch.setitem(sys.modules, "generated_hg6ypkn3", SimpleNamespace(__file__=str(tmp_path / "generated.py")))
    assert in_process() == before
