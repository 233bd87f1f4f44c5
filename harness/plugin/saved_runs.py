"""Runs that pytest-benchmark saves: records that cannot be compared are left out, and each problem is a line."""

import json
from pathlib import Path

import pytest

from harness.data import atomic
from harness.plugin.output import fail
from harness.plugin.stash import NOTICES
from harness.report import saved
from harness.workers.excerpt import in_a_line


@pytest.hookimpl(tryfirst=True)
def pytest_benchmark_compare_machine_info(machine_info: dict, compared_benchmark: dict) -> None:
    """Replace the description of the machine in a saved run: pytest-benchmark would print both as JSON.

    A line at the end names the differences.
    """
    compared_benchmark["machine_info"] = machine_info


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session):
    """Remove the records of saved runs that cannot be compared, before pytest-benchmark compares with them.

    An error while pytest-benchmark saves the run becomes a line, so the tables are printed after it.
    """
    lines, benchmarks = session.config.stash[NOTICES], session.config._benchmarksession
    for path, records in (benchmarks.compared_mapping or {}).items():
        lines += saved.examine(benchmarks.benchmarks, records, Path(path).name)
    if benchmarks.compare_fail and not any((benchmarks.compared_mapping or {}).values()):
        lines.append("--benchmark-compare-fail: nothing could be compared")
        fail(session)
    benchmarks.save_json = lambda run: atomic.write(Path(benchmarks.json), json.dumps(run, indent=4))
    try:
        return (yield)
    except Exception as error:
        lines.append(f"what was measured could not be saved: {in_a_line(error)}")
        fail(session)
