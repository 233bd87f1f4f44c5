"""Options and fixtures. The pytest hooks are in harness/plugin."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.data.reference import Parts
from harness.measuring.campaign import Campaign
from harness.plugin import chapter, started
from harness.plugin.numbers import seconds, whole_number
from harness.regression.upgrade import Upgrade
from harness.report.record import Result
from harness.workers.fleet import Fleet, Framework
from impls import Entrant, PackageNotInstalled
from impls.contract import COMPARED, DATASET, Settings

PLUGINS = ("selection", "changed", "distribution", "summary", "upgrades", "page", "budget")
pytest_plugins = [*(f"harness.plugin.{name}" for name in PLUGINS), *chapter.PLUGINS]


def pytest_addoption(parser: pytest.Parser) -> None:
    add = parser.getgroup("frameworks", "one network in every framework").addoption
    count = whole_number(1)
    add("--framework", action="append", metavar="NAME", help="only this variant, or all of this file; repeatable")
    add("--network", action="append", metavar="NAME", help=f"one of {', '.join(COMPARED)}, or all; repeatable")
    add("--referee", metavar="NAME", help="variant that is the reference (default: numpy, if it has the network)")
    add("--epochs", type=count, help="passes over the training images (default: set by the network)")
    size = whole_number(1, DATASET.train)
    add("--batch-size", type=size, default=128, help="images of a training step (default: 128)")
    add("--seeds", type=count, default=1, help="trainings of each variant in -m accuracy (default: 1)")
    add("--long", action="store_true", help="a whole epoch in equivalence tests; tests of a minute and more")
    add("--threads", type=count, help="CPU threads of each framework (default: all cores, 1 for two versions)")
    add("--device", choices=["cpu", "cuda"], default="cpu", help="device of every framework (default: cpu)")
    add("--launches", type=count, default=3, help="process runs of each variant to time (default: 3)")
    add("--notebook-baseline", action="store_true", help="also time the notebook ways of training")
    add("--data-dir", type=Path, metavar="DIR", help="the only source of the data set")
    add("--in-process", action="store_true", help="run the one chosen variant inside pytest, for a debugger")
    add("--compare", action="store_true", help="train and time every variant, then print tables")
    add("--quick", action="store_true", help="--compare with one epoch and one short process run")
    silence = "seconds without a message before a worker is ended (default: 600)"
    add("--worker-timeout", type=seconds, default=600.0, metavar="S", help=silence)
    kept = "variable that workers inherit although it can change a measurement, such as XLA_FLAGS; repeatable"
    add("--keep-env", action="append", default=[], metavar="NAME", help=kept)


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """The settings of a training from the command line."""
    option = pytestconfig.option
    return Settings(batch_size=option.batch_size, threads=option.threads, device=option.device)


@pytest.fixture(scope="session")
def dataset(pytestconfig: pytest.Config) -> Parts:
    """The verified data set, by reference: a worker receives the name of an array only."""
    return started.verified(pytestconfig)


@pytest.fixture(scope="session")
def fleet(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Fleet]:
    """The worker processes of this session."""
    fleet = started.fleet(request.session, settings)
    yield fleet
    fleet.close()


@pytest.fixture(scope="session")
def campaign(request: pytest.FixtureRequest, settings: Settings, dataset: Parts, fleet: Fleet) -> Campaign:
    """The measurements of all collected latency tests; the first of them starts the campaign."""
    return started.campaign(request.session, settings, dataset, fleet)


@pytest.fixture(scope="session")
def upgrade(request: pytest.FixtureRequest, settings: Settings, dataset: Parts) -> Upgrade:
    """The two versions to compare, with measurements made on demand."""
    return started.upgrade(request.session, settings, dataset)


@pytest.fixture
def referee(pytestconfig: pytest.Config, fleet: Fleet) -> Callable[[Settings], Framework]:
    """Return a function that builds the reference from settings, in a separate worker. It is NumPy where possible."""
    return lambda settings: started.referee(pytestconfig, settings, fleet)


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that records a result, by default about the case of this test. `Result` has the details."""

    def record(kind: str, case: Entrant | None = None, **values: Any) -> None:
        result = Result(kind, case or chapter.case_of(request.node), values)
        request.node.user_properties.append(result.as_property())

    return record


@pytest.fixture
def framework(request: pytest.FixtureRequest, settings: Settings, fleet: Fleet) -> Framework:
    """The variant under test, newly built with the command line's settings. Skips if a package is missing."""
    variant, network = request.param
    try:
        return fleet.framework(variant, replace(settings, network=network))
    except PackageNotInstalled as error:
        pytest.skip(str(error))
