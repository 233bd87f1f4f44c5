"""The tables show the results of a run; a number that was not measured is shown as missing."""

import pytest
from rich.console import Console

from harness.measuring import figures
from harness.measuring.campaign import Campaign, ProcessRun
from harness.measuring.workload import EPOCH
from harness.report import latency
from harness.report.runs import median, ratio, spread
from harness.report.tables import comparison_table, errors_table
from impls import Case

JAX, NUMPY = Case("jax", "mlp"), Case("numpy", "mlp")


def rows(table):
    """Return the words of each row by the first."""
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    lines = [line.split() for line in captured.get().splitlines()]
    return {line[0]: line[1:] for line in lines if line}


def timing(case, *seconds, operation="train_step-128", roofline=()):
    values = {"operation": operation, "seconds": list(seconds), "roofline": list(roofline)}
    return {"kind": "timing", **case._asdict(), **values}


def test_ratio_is_taken_within_each_run():
    """The medians of all runs are 3 and 2; within runs, between which the machine drifts, the ratios are 3, 3, 0.75."""
    assert ratio([3.0, 6.0, 3.0], [1.0, 2.0, 4.0]) == 3.0


def test_process_run_has_one_median_whatever_its_samples():
    samples = ([1.0, 1.0, 9.0], [2.0], [3.0] * 50)
    runs = [ProcessRun(0.1, samples={EPOCH: each}) for each in samples]
    assert figures.medians([*runs, ProcessRun(0.1)], EPOCH) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("values", [[], [None], [float("nan")]])
def test_statistics_of_no_values_are_none(values):
    assert (median(values), spread(values), ratio(values, [1.0])) == (None, None, None)


def test_comparison_shows_what_is_missing_and_why():
    table = comparison_table("mlp", ["jax", "numpy"], [timing(NUMPY, 2e-3)], {"jax": "jax-is-not-installed"})
    assert rows(table)["jax"] == ["jax-is-not-installed", *["missing"] * 6]
    assert rows(table)["numpy"] == [*["missing"] * 4, "2.00", "missing", "missing"]


def test_comparison_shows_means_and_medians():
    training = {"kind": "training", **JAX._asdict(), "framework": "jax", "parameters": 1}
    training |= {"accuracies": [0.9, 1.0], "seconds": [[1.0, 2.0, 6.0]]}
    shown = rows(comparison_table("mlp", ["jax"], [training], {}))["jax"]
    assert {"95.00%", "2.00"} <= {*shown}


def test_errors_of_a_known_deviation_are_marked():
    found = {"kind": "error", **JAX._asdict(), "name": "loss", "dtype": "float64", "limit": 1e-13, "trajectory": []}
    results = [found | {"error": 3e-7, "known_deviation": "computes in float32"}]
    shown = rows(errors_table("mlp", "numpy", ["jax", "numpy"], results))
    assert shown["loss"] == ["float64", "1e-13", "3e-07", "*", "missing"]
    assert shown["*"][-3:] == ["computes", "in", "float32"]


def test_times_and_multiples_of_the_roofline():
    campaign = Campaign([], dataset=None, start=None)
    campaign.done = 3
    results = [timing(JAX, 2e-3, 4e-3, 3e-3, roofline=[1e-3, 1e-3, 3e-3])]
    times, costs = latency.tables("mlp", ["jax", "numpy"], results, campaign)
    assert rows(times)["jax"] == ["3.00"]
    assert rows(costs)["jax"][0] == "2.00"
    assert rows(costs)["numpy"] == ["missing"] * 3
    assert "±2.5" in str(times.caption), "the 95 % interval of a mean of 3: t(97.5 %, 2) / sqrt(3)"
