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
def pytest_benchmark_compare_machine_info(config, machine_info: dict, compared_benchmark: dict) -> None:
    """Remove from a saved run, each time that one is loaded, the records that pytest-benchmark cannot read.

    The description of the machine is replaced: pytest-benchmark would print both as JSON, and a line at the end names
    the differences.
    """
    compared_benchmark["machine_info"] = machine_info
    records = compared_benchmark["benchmarks"]
    compared_benchmark["benchmarks"] = readable = list(filter(saved.is_readable, records))
    if len(readable) < len(records):
        day = compared_benchmark.get("datetime", "an unknown day")
        line = f"the run saved on {day}: {len(records) - len(readable)} of {len(records)} records cannot be read"
        config.stash.setdefault(NOTICES, []).append(line)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session):
    """Remove the records of saved runs that cannot be compared, before pytest-benchmark compares with them.

    An error while pytest-benchmark saves the run becomes a line, so the tables are printed after it.
    """
    lines, benchmarks = session.config.stash[NOTICES], session.config._benchmarksession
    loaded = benchmarks.compared_mapping or {}
    for path, records in loaded.items():
        lines += saved.examine(benchmarks.benchmarks, records, Path(path).name)
    if benchmarks.compare_fail and not any(loaded.values()):
        lines.append("--benchmark-compare-fail: nothing could be compared")
        fail(session)
    benchmarks.save_json = lambda run: atomic.write(Path(benchmarks.json), json.dumps(run, indent=4))
    try:
        return (yield)
    except Exception as error:
        lines.append(f"what was measured could not be saved: {in_a_line(error)}")
        fail(session)
