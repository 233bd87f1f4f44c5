"""Options and fixtures. What pytest does with them stands in harness/plugin.py."""

import os
from argparse import ArgumentTypeError
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness import ROOT, variables
from harness.campaign import CAMPAIGN, Campaign
from harness.display import DISPLAY
from harness.fleet import Fleet, Framework
from harness.host import Host, Unreachable
from harness.machine import describe, processors
from harness.mnist import DataError, obtain
from harness.participants import participants, starter
from harness.regression import environments, versions
from harness.regression.comparison import most_lanes
from harness.regression.upgrade import UPGRADE, Upgrade
from harness.wire import Mnist
from impls import PackageNotInstalled
from impls.contract import Settings

pytest_plugins = ["harness.plugin", "harness.distribution", "harness.summary", "harness.regression.plugin"]


def whole_number(low: int, high: int | None = None):
    expected = f"from {low:,} to {high:,}" if high else f"of at least {low}"

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < low or int(text) > (high or int(text)):
            raise ArgumentTypeError(f"expected a whole number {expected}, got {text!r}")
        return int(text)

    return parse


def seconds(text: str) -> float:
    if not text.replace(".", "", 1).isdecimal() or float(text) == 0:
        raise ArgumentTypeError(f"expected a positive number of seconds, got {text!r}")
    return float(text)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("frameworks", "one network in every framework")
    group.addoption(
        "--framework", action="append", metavar="NAME", help="only this variant, or all of this file; repeatable"
    )
    group.addoption("--epochs", type=whole_number(1), default=10, help="passes over the training images (default: 10)")
    group.addoption(
        "--batch-size", type=whole_number(1, 60_000), default=128, help="images a training step (default: 128)"
    )
    group.addoption("--seeds", type=whole_number(1), default=1, help="trainings of each variant (default: 1)")
    group.addoption("--long", action="store_true", help="climb the ladder for a whole epoch; run what takes a minute")
    group.addoption("--threads", type=whole_number(1), help="CPU threads of each framework (default: all cores)")
    group.addoption(
        "--device", choices=["cpu", "cuda"], default="cpu", help="where every framework computes (default: cpu)"
    )
    group.addoption(
        "--launches", type=whole_number(1), default=3, help="worker processes of each variant to time (default: 3)"
    )
    group.addoption("--notebook-baseline", action="store_true", help="time the notebook ways of training as well")
    group.addoption("--data-dir", type=Path, metavar="DIR", help="take MNIST from here and nowhere else")
    group.addoption(
        "--in-process", action="store_true", help="run the one chosen variant inside pytest, for a debugger"
    )
    group.addoption(
        "--worker-timeout",
        type=seconds,
        default=600.0,
        metavar="S",
        help="seconds a worker may be silent (default: 600)",
    )
    group.addoption(
        "--keep-env",
        action="append",
        default=[],
        metavar="NAME",
        help="a variable that workers inherit although it changes what is measured, such as XLA_FLAGS; repeatable",
    )
    group.addoption("--compare", action="store_true", help="train and time every variant, and end with tables")
    group.addoption("--quick", action="store_true", help="the same with one epoch and one short launch: a first look")


def variants_of(items: list[pytest.Item]) -> list[str]:
    """The variants that these tests are about, each once."""
    calls = (item.callspec.params for item in items if hasattr(item, "callspec"))
    return list(dict.fromkeys(params["framework"] for params in calls if "framework" in params))


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """What the command line says of a training."""
    option = pytestconfig.option
    return Settings(batch_size=option.batch_size, threads=option.threads, device=option.device)


@pytest.fixture(scope="session")
def mnist(request: pytest.FixtureRequest) -> Mnist:
    """The verified data, by reference: only the name of an array goes to a worker."""
    try:
        return Mnist.at(obtain(request.config.option.data_dir))
    except DataError as error:
        pytest.exit(f"no data: {error}", returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture(scope="session")
def fleet(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Fleet]:
    """The workers of this session."""
    option = request.config.option
    hear = request.config.stash[DISPLAY].hear
    fleet = Fleet(hear, option.in_process, option.threads, option.device, option.worker_timeout, option.keep_env)
    in_xdist = hasattr(request.config, "workerinput")  # and then it does not know which variants will come
    has_campaign = any("campaign" in item.fixturenames for item in request.session.items)  # it leaves its workers
    if not (in_xdist or has_campaign or option.in_process):
        fleet.start(variants_of(request.session.items), settings)
    yield fleet
    fleet.close()


@pytest.fixture(scope="session")
def campaign(request: pytest.FixtureRequest, settings: Settings, mnist: Mnist, fleet: Fleet) -> Campaign:
    """The measurements of all tests of latency that were collected, made when the first of them asks."""
    config = request.config
    if config.option.in_process or "PYTEST_XDIST_WORKER" in os.environ:
        raise pytest.UsageError(
            "a campaign needs the machine for itself and its workers: leave out -n and --in-process"
        )
    fleet.close()  # the campaign has the machine to itself
    calls = (item.callspec.params for item in request.session.items if "campaign" in item.fixturenames)
    wanted = [(params["timed"], params["operation"]) for params in calls]
    cpu = config.hook.pytest_benchmark_generate_machine_info(config=config)["cpu"]
    machine = describe(cpu, settings.device)
    display = config.stash[DISPLAY]
    start = starter(
        settings, config.option.worker_timeout, cpu.get("flags", ()), display.hear, keep=config.option.keep_env
    )
    at_once = os.cpu_count() if config.option.quick else 1
    campaign = Campaign(participants(wanted, settings, mnist), mnist, start, machine, at_once)
    config.stash[CAMPAIGN] = campaign
    campaign.run(config.option.launches, display.measuring)
    fleet.adopt(campaign.workers)
    return campaign


@pytest.fixture(scope="session")
def upgrade(request: pytest.FixtureRequest, settings: Settings, mnist: Mnist) -> Iterator[Upgrade]:
    """Both versions that are to be compared, and what is found out about them when a test asks."""
    option, display = request.config.option, request.config.stash[DISPLAY]
    claims = versions.claims_of(request.session.items)
    try:
        sides = versions.sides(option, claims, display.say)
        host = Host(option.host) if option.host else None
        root = host.bring(Path(mnist.directory)) if host else ROOT
        if host:
            versions.check_interpreters(option, host)
            flaw = host.do(variables.flaw, option.keep_env)
            if flaw:
                raise environments.NotBuilt(f"--host {option.host}: --keep-env {flaw}")
        settings = replace(settings, threads=settings.threads or 1)  # decides more; docs/upgrades.md: what it hides
        lanes = most_lanes(host.do(processors) if host else processors(), settings.threads)
    except (environments.NotBuilt, Unreachable) as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    start = starter(settings, option.worker_timeout, (), display.hear, host, root, option.keep_env)
    mnist = Mnist.at(Path(root)) if host else mnist
    upgrade = Upgrade(
        sides,
        claims,
        settings,
        mnist,
        start,
        option.max_slowdown,
        option.max_minutes,
        option.error,
        lanes,
        display.say,
    )
    request.config.stash[UPGRADE] = upgrade
    yield upgrade
    if host:
        host.close()


@pytest.fixture
def framework(request: pytest.FixtureRequest, settings: Settings, fleet: Fleet, record_property) -> Framework:
    """The variant under test, freshly built with the settings of the command line. Skips if a package is missing."""
    record_property("variant", request.param)
    try:
        return fleet.framework(request.param, settings)
    except PackageNotInstalled as error:
        pytest.skip(str(error))
