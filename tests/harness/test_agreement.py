"""Two ways of timing are said to agree, to differ, or neither, by the interval of their ratio."""

import math

import pytest

from studies.agreement import sentence


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ([1.004, 1.005, 1.006], "+0.5% (+0.3% to +0.7%), agrees within 2%"),
        ([1.049, 1.050, 1.051], "+5.0% (+4.8% to +5.2%), differs"),
        ([0.949, 0.950, 0.951], "-5.0% (-5.2% to -4.8%), differs"),
        ([0.95, 1.0, 1.05], "-0.1% (-11.8% to +13.1%), not shown to agree"),
    ],
)
def test_the_interval_decides(ratios, said):
    assert sentence([math.log(ratio) for ratio in ratios]) == f"worker / plain loop - 1: {said}"
