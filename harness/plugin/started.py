"""What the fixtures of conftest.py start: workers, a campaign, and the comparison of two versions."""

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from harness.data.obtain import DataError, obtain
from harness.data.reference import Parts
from harness.judging.sequential import Sampling
from harness.measuring import notebook
from harness.measuring.campaign import Campaign
from harness.measuring.machine import describe
from harness.measuring.participants import participants, starter
from harness.plugin.stash import CAMPAIGN, DISPLAY, REFEREES, UPGRADE
from harness.regression import environments, versions
from harness.regression.comparison import most_lanes
from harness.regression.pair import Pairs
from harness.regression.upgrade import Upgrade
from harness.workers import processors
from harness.workers.fleet import Fleet, Framework
from harness.workers.worker import WorkerSpec
from impls import Entrant
from impls.contract import Settings


def verified(config: pytest.Config) -> Parts:
    """The data set, by reference. Without it, the run ends."""
    try:
        return Parts.at(obtain(config.option.data_dir))
    except DataError as error:
        pytest.exit(f"no data: {error}", returncode=pytest.ExitCode.USAGE_ERROR)


def worker_spec(option: argparse.Namespace) -> WorkerSpec:
    """How workers are started, by the command line; each is then given its own name."""
    return WorkerSpec(
        "", threads=option.threads, device=option.device, timeout=option.worker_timeout, keep=tuple(option.keep_env)
    )


def fleet(session: pytest.Session, settings: Settings) -> Fleet:
    """The workers of this session; those that will be asked for certain are started already."""
    option = session.config.option
    fleet = Fleet(worker_spec(option), session.config.stash[DISPLAY].hear, option.in_process)
    in_xdist = hasattr(session.config, "workerinput")  # and then it does not know which variants will come
    has_campaign = any("campaign" in item.fixturenames for item in session.items)  # it leaves its workers
    if not (in_xdist or has_campaign or option.in_process):
        fleet.start(_entrants_of(session.items), settings)
    return fleet


def campaign(session: pytest.Session, settings: Settings, dataset: Parts, fleet: Fleet) -> Campaign:
    """The measurements of all tests of latency that were collected. The workers of its last launch join the fleet."""
    config, option = session.config, session.config.option
    if option.in_process or "PYTEST_XDIST_WORKER" in os.environ:
        raise pytest.UsageError(
            "a campaign needs the machine for itself and its workers: leave out -n and --in-process"
        )
    fleet.close()
    calls = (item.callspec.params for item in session.items if "campaign" in item.fixturenames)
    wanted = [(params["timed"], params["operation"]) for params in calls]
    cpu = config.hook.pytest_benchmark_generate_machine_info(config=config)["cpu"]
    display = config.stash[DISPLAY]
    start = starter(worker_spec(option), cpu.get("flags", ()), display.hear)
    machine = describe(cpu, settings.device)
    at_once = os.cpu_count() if option.quick else 1
    campaign = config.stash[CAMPAIGN] = Campaign(
        participants(wanted, settings, dataset), dataset, start, machine, at_once
    )
    campaign.run(option.launches, display.measuring)
    for participant in campaign.participants:
        if participant.name in campaign.workers and participant.network != notebook.NAME:
            fleet.adopt(participant.variant, campaign.workers.pop(participant.name))
    campaign.close()
    return campaign


def environment(requirements: Sequence[str], packages: Sequence[str]) -> str:
    """Return the Python of an environment, built if need be. The run ends if it cannot be built."""
    try:
        return str(environments.obtain(requirements, packages))
    except environments.NotBuilt as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)


def upgrade(session: pytest.Session, settings: Settings, dataset: Parts) -> Upgrade:
    """Both versions, in environments that are built if need be. Without them, the run ends."""
    config, option, display = session.config, session.config.option, session.config.stash[DISPLAY]
    claims = _claims_of(session.items)
    try:
        sides = versions.sides(option, claims, display.say)
    except environments.NotBuilt as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    [network] = config.stash[REFEREES]
    threads = settings.threads or 1  # one decides more; docs/upgrades.md says what it hides
    settings = replace(settings, network=network, threads=threads)
    lanes = most_lanes(processors.count(), threads)
    start = starter(replace(worker_spec(option), threads=threads), (), display.hear)
    pairs = Pairs([side.python for side in sides], settings, dataset, start)
    sampling = Sampling(option.max_slowdown, option.error, at_once=lanes, seconds=60 * option.max_minutes)
    upgrade = config.stash[UPGRADE] = Upgrade(sides, claims, pairs, sampling, display.say)
    return upgrade


def referee(config: pytest.Config, settings: Settings, fleet: Fleet) -> Framework:
    """The referee of the network of these settings, in a worker of its own. Raises if it cannot be one."""
    name = config.stash[REFEREES][settings.network]
    found = fleet.framework(name, settings, home="the referee")
    deviation = found.known_deviation()
    if deviation:
        raise pytest.UsageError(f"--referee {name}: {deviation}")
    return found


def _entrants_of(items: Iterable[pytest.Item]) -> list[Entrant]:
    """Those that these tests are about, one of each variant."""
    calls = (item.callspec.params for item in items if hasattr(item, "callspec"))
    about = [params["framework"] for params in calls if "framework" in params]
    return list({entrant.variant: entrant for entrant in reversed(about)}.values())[::-1]


def _claims_of(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """Return the checks and quantities of the collected tests by variant."""
    claims: dict[str, list[str]] = {}
    for parameters in (item.callspec.params for item in items if "upgraded" in item.fixturenames):
        claim = parameters.get("check") or parameters.get("quantity") or versions.ACCURACY
        claims.setdefault(parameters["upgraded"], []).append(claim)
    return claims
