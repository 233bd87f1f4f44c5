"""Export for devices: files of each quantized network run without a framework, and are bit-exact."""

import contextlib
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest
from rich.table import Table

from harness.data.lazy import Parts
from harness.edge import versions
from harness.edge.export_tasks import loaded
from harness.edge.exports import ExportCache
from harness.measuring.campaign import Campaign
from harness.measuring.targets import starter
from harness.plugin import fixtures
from harness.plugin.chapter import Chapter
from harness.plugin.stash import COMPARED, DISPLAY, REFERENCES
from harness.regression import environments
from harness.regression.pair_run import OF_ONE_IMAGE
from harness.regression.requirements import NotBuilt
from harness.regression.versions import Compared
from harness.report.record import Result, of_kind
from harness.report.runs import MEBIBYTE
from harness.report.tables import MISSING, plain_table
from harness.workers.fleet import Fleet
from impls import Case, PackageNotInstalled, quantization
from impls.contract import DATASET, Settings
from impls.edge import ENVIRONMENTS, EXPORTERS
from impls.edge.official import OFFICIAL

COLUMNS = {  # figure -> heading, and how it is shown
    "bytes": ("bytes", "{:,}".format),
    "accuracy": ("right", "{:.2%}".format),
    "differ": ("logits\noff", lambda count: "" if count is None else f"{count:,}"),
    "largest": ("by up\nto", "{:.2g}".format),
    "labels": ("predictions\nchanged", "{:,}".format),
    "seconds": ("µs", lambda seconds: f"{1e6 * seconds:.0f}"),
    "spread": ("±", lambda spread: "" if spread is None else f"{spread:.0%}"),
    "memory": ("MiB", lambda held: f"{held / MEBIBYTE:.0f}"),
}


def files(case: Case) -> list[tuple[Case, str, str]]:
    """Return the exported files: ours for each runtime, and the file of the framework's documented way."""
    ours = [(case, runtime, kind) for kind in ("float", "int8") for runtime in EXPORTERS.get(case.variant, ())]
    way = OFFICIAL.get(case.variant)
    return [*ours, (case, way.runtime, "official")] if way and case.network in way.networks else ours


def tables(network: str, results: Sequence[Result]) -> Iterator[Table]:
    """Yield the table with a row for each file, which several tests measure. An unmeasured figure is "missing"."""
    measured: dict[tuple[str, str, str], dict] = {}
    for each in of_kind(results, "file", network):
        measured.setdefault((each["export"], each["runtime"], each["variant"]), {}).update(each)
    rows = []
    for file in sorted(measured):
        figures = measured[file]
        if figures["export"] == "float":
            figures["differ"] = None  # nearly all do, by their rounding
        cells = (show(figures[key]) if key in figures else MISSING for key, (_, show) in COLUMNS.items())
        rows.append((*file, *cells))
    if rows:
        yield plain_table(
            f"Files of {network} on a device: all logits of {DATASET.test:,} test images against the trained network",
            ("kind", "runtime", "variant", *(heading for heading, _ in COLUMNS.values())),
            rows,
            "int8: in steps, against the same network computed in integers. float: against the framework itself.",
            "official: a framework's documented way to int8, against its last evaluation (TensorFlow: in float).",
            "µs: a prediction of one image on one thread, median over process runs. MiB: a process with the file.",
            left=3,
        )


CHAPTER = Chapter(
    "edge",
    "runs exported files without a framework; builds environments once; runs with -m edge",
    quantization.exists,
    parameters=("framework", "runtime", "kind"),
    expand=files,
    on_request=True,
    tables=tables,
)


def pytest_configure(config: pytest.Config) -> None:
    """Compare two versions of runtimes, if the command line names one, by the files that NumPy exports."""
    option = config.option
    try:
        files = versions.named_in([*option.baseline, *option.candidate])
    except NotBuilt as error:
        raise pytest.UsageError(str(error)) from None
    if not files:
        return
    if option.framework or option.threads not in (None, 1):
        raise pytest.UsageError(
            "two versions of a runtime run NumPy's files on one thread: leave out --framework and --threads"
        )

    def built(request: pytest.FixtureRequest, names: Iterable[str]) -> dict[str, tuple]:
        [network] = config.stash[REFERENCES]
        if not quantization.exists("numpy", network):
            raise NotBuilt(f"NumPy exports no {network}: name another --network")
        settings, fleet, exports = map(request.getfixturevalue, ("settings", "fleet", "exports"))
        numpy = fleet.framework("numpy", replace(settings, network=network))
        found = {name: (loaded, files[name][0], str(exports.file(numpy, *files[name]))) for name in names}
        fleet.close()
        exports.close()
        return found

    packages, unnamed = dict.fromkeys(files, ENVIRONMENTS["device"][1]), "the versions in impls/edge"
    config.stash[COMPARED] = Compared(packages, versions.requirements, ["logits"], OF_ONE_IMAGE, unnamed, built)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item):
    """Skip a test of this chapter if its setup or its call finds that a package is not installed."""
    try:
        return (yield)
    except PackageNotInstalled as error:
        if item.get_closest_marker(CHAPTER.marker):
            pytest.skip(str(error))
        raise


pytest_runtest_call = pytest_runtest_setup


@pytest.fixture(scope="session")
def exports(
    pytestconfig: pytest.Config, dataset: Parts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExportCache]:
    """The networks trained for devices, and their files. The run ends if an environment cannot be built."""
    option, folder = pytestconfig.option, tmp_path_factory.mktemp("edge")

    @functools.cache
    def interpreter(environment: str) -> str:
        pytestconfig.stash[DISPLAY].say(f"the environment {environment!r} for devices: some minutes, the first time")
        try:
            return str(environments.obtain(*ENVIRONMENTS[environment]))
        except NotBuilt as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)

    exports = ExportCache(folder, dataset, interpreter, option.epochs, fixtures.worker_spec(option))
    yield exports
    exports.close()


@pytest.fixture(scope="session")
def devices(request: pytest.FixtureRequest, settings: Settings, fleet: Fleet, exports: ExportCache) -> Campaign:
    """The measurements of all files with collected tests; the first test starts the campaign."""
    option, display = request.config.option, request.config.stash[DISPLAY]
    fixtures.check_alone(option)
    wanted = [item.callspec.params for item in request.session.items if "devices" in item.fixturenames]
    targets = []
    for parameters in wanted:
        variant, network = parameters["framework"]
        with contextlib.suppress(Exception):  # each test reports its own
            framework = fleet.framework(variant, replace(settings, network=network))
            targets.append(exports.target(framework, parameters["runtime"], parameters["kind"]))
    fleet.close()
    exports.close()
    start = starter(replace(fixtures.worker_spec(option), threads=1), display.on_event)
    campaign = Campaign(targets, exports.dataset, start)
    campaign.run(option.process_runs, display.measuring)
    campaign.close()
    return campaign
