"""Fixtures: the data set, workers, measurements of times, the comparison of two versions, and the record of a run."""

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.data.lazy import Parts
from harness.data.obtain import DataError, obtain
from harness.judging.sequential import Sampling
from harness.measuring import notebook
from harness.measuring.campaign import Campaign
from harness.measuring.machine import describe
from harness.measuring.targets import starter, targets
from harness.plugin.chapter import case_of, parameters_of
from harness.plugin.stash import CAMPAIGN, COMPARED, DISPLAY, REFERENCES, UPGRADE
from harness.regression import versions
from harness.regression.comparison import most_pairs
from harness.regression.pair import Pairs
from harness.regression.requirements import NotBuilt
from harness.regression.upgrade import Upgrade
from harness.report.record import as_property
from harness.workers import processors, sandbox
from harness.workers.fleet import Fleet, Framework
from harness.workers.launch import WorkerSpec
from impls import Case, PackageNotInstalled
from impls.contract import DATASET, Settings


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """The settings of a training from the command line."""
    option = pytestconfig.option
    return Settings(batch_size=option.batch_size, threads=option.threads, device=option.device)


@pytest.fixture(scope="session")
def dataset(pytestconfig: pytest.Config) -> Parts:
    """The verified data set, in lazy arrays: a worker receives the name of an array only. Without it, the run ends."""
    try:
        return Parts.at(obtain(pytestconfig.option.data_dir))
    except DataError as error:
        pytest.exit(f"no data: {error}", returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture(scope="session")
def fleet(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Fleet]:
    """The worker processes of this session. Those that are needed for certain are started already."""
    config, items = request.config, request.session.items
    in_process = config.option.in_process
    fleet = Fleet(worker_spec(config.option), config.stash[DISPLAY].on_event, in_process)
    in_xdist = hasattr(config, "workerinput")  # which does not know the variants to come
    has_campaign = any("campaign" in item.fixturenames for item in items)  # which leaves its workers
    if not (in_xdist or has_campaign or in_process):
        about = [parameters_of(item)["framework"] for item in items if "framework" in parameters_of(item)]
        fleet.start({case.variant: case for case in reversed(about)}.values(), settings)
    yield fleet
    fleet.close()


@pytest.fixture
def framework(request: pytest.FixtureRequest, settings: Settings, fleet: Fleet) -> Framework:
    """The variant under test, newly built with the command line's settings. Skips if a package is missing."""
    variant, network = request.param
    try:
        return fleet.framework(variant, replace(settings, network=network))
    except PackageNotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def build_reference(pytestconfig: pytest.Config, fleet: Fleet) -> Callable[[Settings], Framework]:
    """Return a function that builds the reference from settings, in a separate worker. It is NumPy where possible."""

    def build(settings: Settings) -> Framework:
        name = pytestconfig.stash[REFERENCES][settings.network]
        reference = fleet.framework(name, settings, worker_key="the reference")
        deviation = reference.known_deviation()
        if deviation:
            raise pytest.UsageError(f"--reference {name}: {deviation}")
        return reference

    return build


@pytest.fixture(scope="session")
def campaign(request: pytest.FixtureRequest, settings: Settings, dataset: Parts, fleet: Fleet) -> Campaign:
    """The measurements of all collected latency tests; the first of them starts the campaign.

    The workers of its last process run join the fleet.
    """
    config, option, display = request.config, request.config.option, request.config.stash[DISPLAY]
    check_alone(option)
    fleet.close()
    calls = (item.callspec.params for item in request.session.items if "campaign" in item.fixturenames)
    wanted = [(params["timed"], params["operation"]) for params in calls]
    cpu = config.hook.pytest_benchmark_generate_machine_info(config=config)["cpu"]
    start = starter(worker_spec(option), display.on_event)
    at_once = processors.count() if option.quick else 1
    campaign = config.stash[CAMPAIGN] = Campaign(
        targets(wanted, settings, dataset), dataset, start, describe(cpu, settings.device), at_once
    )
    campaign.run(option.process_runs, display.measuring)
    for target in campaign.targets:
        if target.name in campaign.workers and target.network != notebook.NAME:
            fleet.adopt(target.variant, campaign.workers.pop(target.name))
    campaign.close()
    return campaign


@pytest.fixture(scope="session")
def upgrade(request: pytest.FixtureRequest, settings: Settings, dataset: Parts) -> Upgrade:
    """The two versions to compare, with measurements made on demand. Without their environments, the run ends."""
    config, option, display = request.config, request.config.option, request.config.stash[DISPLAY]
    if notice := sandbox.notice("the compared versions"):
        display.say(notice)
    requested: dict[str, list[str]] = {}  # variant or file -> checks and quantities of the collected tests
    for params in (item.callspec.params for item in request.session.items if "upgraded" in item.fixturenames):
        requested.setdefault(params["upgraded"], []).append(params.get("check") or params["quantity"])
    compared = config.stash[COMPARED]
    try:
        built = compared.built(request, requested)
        sides = versions.sides(option, compared, requested, display.say)
    except NotBuilt as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    [network] = config.stash[REFERENCES]
    threads = settings.threads or 1  # one decides more: docs/explanation/verdict.md
    settings = replace(settings, network=network, threads=threads)
    readable = (DATASET.raw(dataset.directory), *{Path(file).parent for *_, file in built.values()})
    trusted = {side.python for side in sides if not side.requirements}
    start = starter(replace(worker_spec(option), threads=threads, readable=readable), display.on_event, trusted)
    pairs = Pairs(settings, dataset, start, built)
    at_once = most_pairs(processors.count(), threads)
    sampling = Sampling(option.max_slowdown, option.alpha, at_once=at_once, seconds=60 * option.max_minutes)
    upgrade = config.stash[UPGRADE] = Upgrade(sides, requested, pairs, sampling, display.say)
    return upgrade


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that records a result, by default about the case of this test (harness/report/record.py)."""

    def record(kind: str, case: Case | None = None, **values: Any) -> None:
        request.node.user_properties.append(as_property(kind, case or case_of(request.node), **values))

    return record


def worker_spec(option: argparse.Namespace) -> WorkerSpec:
    """Return how workers are started, by the command line. Each worker gets its own name."""
    return WorkerSpec(
        "", threads=option.threads, device=option.device, timeout=option.worker_timeout, keep=tuple(option.keep_env)
    )


def check_alone(option: argparse.Namespace) -> None:
    """Raise `pytest.UsageError` if the machine is shared with other tests, or the framework runs in this process."""
    if option.in_process or "PYTEST_XDIST_WORKER" in os.environ:
        raise pytest.UsageError("a measurement of time needs the machine for itself: leave out -n and --in-process")
