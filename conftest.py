"""Options and fixtures. What pytest does with them stands in harness/plugin."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.data.reference import Parts
from harness.edge.shelf import Shelf
from harness.edge.versions import Versions
from harness.measuring.campaign import Campaign
from harness.plugin import started
from harness.plugin.numbers import seconds, whole_number
from harness.regression.upgrade import Upgrade
from harness.workers.fleet import Fleet, Framework
from impls import PackageNotInstalled
from impls.contract import COMPARED, DATASET, Settings

pytest_plugins = [
    f"harness.plugin.{name}" for name in ("selection", "distribution", "summary", "upgrades", "page", "budget")
]


def pytest_addoption(parser: pytest.Parser) -> None:
    add = parser.getgroup("frameworks", "one network in every framework").addoption
    count = whole_number(1)
    add("--framework", action="append", metavar="NAME", help="only this variant, or all of this file; repeatable")
    add("--network", action="append", metavar="NAME", help=f"which: {', '.join(COMPARED)}, or all; repeatable")
    add("--referee", metavar="NAME", help="the variant that the others are compared with (default: numpy, if it can)")
    add("--epochs", type=count, help="passes over the training images (default: as many as the network asks for)")
    size = whole_number(1, DATASET.train)
    add("--batch-size", type=size, default=128, help="images a training step (default: 128)")
    add("--seeds", type=count, default=1, help="trainings of each variant (default: 1)")
    add("--long", action="store_true", help="climb the ladder for a whole epoch; run what takes a minute")
    add("--threads", type=count, help="CPU threads of each framework (default: all cores)")
    add("--device", choices=["cpu", "cuda"], default="cpu", help="where every framework computes (default: cpu)")
    add("--launches", type=count, default=3, help="worker processes of each variant to time (default: 3)")
    add("--notebook-baseline", action="store_true", help="time the notebook ways of training as well")
    add("--data-dir", type=Path, metavar="DIR", help="take the data set from here and nowhere else")
    add("--in-process", action="store_true", help="run the one chosen variant inside pytest, for a debugger")
    add("--compare", action="store_true", help="train and time every variant, and end with tables")
    add("--quick", action="store_true", help="the same with one epoch and one short launch: a first look")
    silence = "seconds a worker may be silent (default: 600)"
    traces = "keep what the frameworks' profilers wrote, for Perfetto or TensorBoard"
    add("--profile-traces", type=Path, metavar="DIR", help=traces)
    add("--worker-timeout", type=seconds, default=600.0, metavar="S", help=silence)
    kept = "a variable that workers inherit although it changes what is measured, such as XLA_FLAGS; repeatable"
    add("--keep-env", action="append", default=[], metavar="NAME", help=kept)


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> Settings:
    """What the command line says of a training."""
    option = pytestconfig.option
    return Settings(batch_size=option.batch_size, threads=option.threads, device=option.device)


@pytest.fixture(scope="session")
def dataset(pytestconfig: pytest.Config) -> Parts:
    """The verified data, by reference: only the name of an array goes to a worker."""
    return started.verified(pytestconfig)


@pytest.fixture(scope="session")
def fleet(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Fleet]:
    """The workers of this session."""
    fleet = started.fleet(request.session, settings)
    yield fleet
    fleet.close()


@pytest.fixture(scope="session")
def campaign(request: pytest.FixtureRequest, settings: Settings, dataset: Parts, fleet: Fleet) -> Campaign:
    """The measurements of all tests of latency that were collected, made when the first of them asks."""
    return started.campaign(request.session, settings, dataset, fleet)


@pytest.fixture(scope="session")
def shelf(pytestconfig: pytest.Config, dataset: Parts, tmp_path_factory) -> Iterator[Shelf]:
    """What was trained for devices, and the files that were exported of it."""
    shelf = started.shelf(pytestconfig, dataset, tmp_path_factory.mktemp("edge"))
    yield shelf
    shelf.close()


@pytest.fixture(scope="session")
def devices(request: pytest.FixtureRequest, settings: Settings, fleet: Fleet, shelf: Shelf) -> Campaign:
    """The measurements of all files of which tests were collected, made when the first of them asks."""
    return started.devices(request.session, settings, fleet, shelf)


@pytest.fixture(scope="session")
def upgrade(request: pytest.FixtureRequest, settings: Settings, dataset: Parts) -> Upgrade:
    """Both versions that are to be compared, and what is found out about them when a test asks."""
    return started.upgrade(request.session, settings, dataset)


@pytest.fixture(scope="session")
def runtimes(request: pytest.FixtureRequest, settings: Settings, fleet: Fleet, shelf: Shelf) -> Versions:
    """Both versions of the runtimes that are to be compared."""
    return started.runtimes(request.session, settings, fleet, shelf)


@pytest.fixture
def referee(pytestconfig: pytest.Config, fleet: Fleet) -> Callable[[Settings], Framework]:
    """Gives what others are compared with, of these settings, in a worker of its own: NumPy, where it can be."""
    return lambda settings: started.referee(pytestconfig, settings, fleet)


@pytest.fixture(scope="session")
def profile(request: pytest.FixtureRequest, settings: Settings, dataset: Parts) -> Callable[[Framework], dict]:
    """Finds out where the time of a variant goes, each once, in a worker of its own."""
    return started.profiler(request.session, settings, dataset)


@pytest.fixture
def framework(request: pytest.FixtureRequest, settings: Settings, fleet: Fleet, record_property) -> Framework:
    """The variant under test, freshly built with the settings of the command line. Skips if a package is missing."""
    variant, network = request.param
    record_property("variant", variant)
    record_property("network", network)
    try:
        return fleet.framework(variant, replace(settings, network=network))
    except PackageNotInstalled as error:
        pytest.skip(str(error))
