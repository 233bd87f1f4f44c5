"""Two ways of timing agree, differ, or neither is shown, by the interval of their ratio."""

import math

import pytest

from studies.agreement import sentence


@pytest.mark.parametrize(
    ("ratios", "conclusion"),
    [
        ([1.004, 1.005, 1.006], "agrees within 2%"),
        ([0.949, 0.950, 0.951], "differs"),
        ([0.95, 1.0, 1.05], "not shown to agree"),
    ],
)
def test_conclusion_is_by_the_interval(ratios, conclusion):
    assert conclusion in sentence([math.log(ratio) for ratio in ratios])
