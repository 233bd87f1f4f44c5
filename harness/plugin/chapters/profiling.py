"""Profiles: the time of a step by kind of kernel, by each framework's profiler."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table

from harness.data.lazy import Parts
from harness.measuring.targets import starter
from harness.plugin import fixtures
from harness.plugin.chapter import Chapter
from harness.profiling.kinds import ACCOUNTED, accounted
from harness.profiling.profile import profiles
from harness.report.record import Result, of_kind
from harness.report.tables import plain_table
from harness.workers.fleet import Framework
from impls import Case, profiler
from impls.contract import Settings

CAPTION = (
    "under the profiler: the sum of a row, over what the call takes alone; * the profiler changes it by more than",
    f"{ACCOUNTED:.0%}, and the row does not account for it. Overhead: while no kernel runs on any thread.",
)


def tables(network: str, results: Sequence[Result]) -> Iterator[Table]:
    """Yield a table for each operation: where the time of a call goes, in milliseconds and in percent."""
    records = of_kind(results, "profile", network)
    for operation in dict.fromkeys(each["operation"] for each in records):
        of_operation = [each for each in records if each["operation"] == operation]
        parts = (name.replace(" ", "\n", 1) for name in of_operation[0]["parts"])
        headings = ("variant", "roofline", "alone", "under the\nprofiler", *parts)
        title = f"Where the time goes: {network}, {operation}, ms of a call, and percent"
        yield plain_table(title, headings, map(_row, of_operation), *CAPTION)


def _row(record: Mapping[str, Any]) -> tuple[str, ...]:
    shares = (f"{1e3 * part:.2f}\n{part / record['seconds']:.0%}" for part in record["parts"].values())
    ratio = f"{record['seconds'] / record['alone']:.0%}{'' if accounted(record) else ' *'}"
    roofline = f"{1e3 * record['roofline']:.2f}" if record["roofline"] else ""
    return record["variant"], roofline, f"{1e3 * record['alone']:.2f}", ratio, *shares


CHAPTER = Chapter(
    "profile",
    "measures the time of a step by kind of kernel, with each framework's profiler; runs with -m profile",
    profiler.exists,
    on_request=True,
    tables=tables,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names a folder for traces."""
    traces = "keep the traces of the profilers, for Perfetto or TensorBoard"
    parser.getgroup("frameworks").addoption("--profile-traces", type=Path, metavar="DIR", help=traces)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a folder of traces that has files: old traces would be taken for new ones."""
    folder = config.option.profile_traces
    if folder and folder.is_dir() and any(folder.iterdir()):
        raise pytest.UsageError(f"--profile-traces {folder}: expected a new or an empty folder")


@pytest.fixture(scope="session")
def profile(request: pytest.FixtureRequest, settings: Settings, dataset: Parts) -> Callable[[Framework], dict]:
    """Return a function that profiles a variant once, in a separate worker. An error is raised at each call."""
    config = request.config
    fixtures.check_alone(config.option)
    start = starter(fixtures.worker_spec(config.option), lambda *_: None)

    @functools.cache
    def profiled(case: Case) -> dict:
        return profiles(case, settings, dataset, start, config.option.profile_traces)

    return lambda framework: profiled(Case(framework.name, framework.settings.network))
