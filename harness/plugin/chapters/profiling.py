"""Profiles: the time of a step by kind of kernel, by each framework's profiler."""

import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.table import Table

from harness.data.reference import Parts
from harness.measuring.participants import starter
from harness.plugin import fixtures
from harness.plugin.chapter import Chapter
from harness.profiling.profile import profiles
from harness.report.profile import profile_tables
from harness.report.record import Result, of_kind
from harness.workers.fleet import Framework
from impls import Entrant, profiler
from impls.contract import Settings


def tables(network: str, results: Sequence[Result]) -> Iterator[Table]:
    found = [each.as_record() for each in of_kind(results, "profile", network)]
    return profile_tables(network, found)


CHAPTER = Chapter(
    "profile",
    "measures the time of a step by kind of kernel, with each framework's profiler; runs with -m profile",
    profiler.exists,
    on_request=True,
    tables=tables,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    traces = "keep the traces of the profilers, for Perfetto or TensorBoard"
    parser.getgroup("frameworks").addoption("--profile-traces", type=Path, metavar="DIR", help=traces)


@pytest.fixture(scope="session")
def profile(request: pytest.FixtureRequest, settings: Settings, dataset: Parts) -> Callable[[Framework], dict]:
    """Return a function that profiles a variant once, in a separate worker. An error is raised at each call."""
    config = request.config
    fixtures.check_alone(config.option)
    cpu = config.hook.pytest_benchmark_generate_machine_info(config=config)["cpu"]
    start = starter(fixtures.worker_spec(config.option), cpu.get("flags", ()), lambda *_: None)

    @functools.cache
    def profiled(case: Entrant) -> dict:
        return profiles(case, settings, dataset, start, config.option.profile_traces)

    return lambda framework: profiled(Entrant(framework.name, framework.settings.network))
