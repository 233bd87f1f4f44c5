"""The pytest side of what is shown: notes, each error once, and the tables at the end."""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from harness.data import whole
from harness.equality.limits import required_accuracy
from harness.plugin.results import each_recorded
from harness.plugin.stash import CAMPAIGN, DISPLAY, ENTRANTS, NOTICES, REFEREES, TOLD
from harness.report import campaign as campaign_report
from harness.report import saved
from harness.report.display import Display, real_stdout
from harness.report.fidelity import fidelity_table
from harness.report.profile import profile_tables
from harness.report.tables import comparison_table, ladder_table
from harness.workers.worker import in_a_line
from impls.contract import DATASET, NETWORKS

TABLE_WIDTH = 120  # columns, where there is no terminal to ask


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(NOTICES, [])
    config.stash[TOLD] = {}
    in_xdist = "PYTEST_XDIST_WORKER" in os.environ
    display = config.stash[DISPLAY] = Display(None if in_xdist else real_stdout())
    config.pluginmanager.register(Names(display))


class Names:
    """A plugin of its own, as the hook is told no more than the name of a test."""

    def __init__(self, display: Display):
        self.display = display

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.display.begins(nodeid)


def pytest_unconfigure(config: pytest.Config) -> None:
    if DISPLAY in config.stash:
        config.stash[DISPLAY].close()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    for message, variant in getattr(node, "workeroutput", {}).get("notes", {}).items():
        node.config.stash[DISPLAY].warning(variant, message)


@pytest.hookimpl(tryfirst=True)
def pytest_benchmark_compare_machine_info(config, machine_info: dict, compared_benchmark: dict) -> None:
    """Called for each saved run that is loaded. What is no record of a benchmark is taken out of it.

    And keeps pytest-benchmark from printing two machines as JSON: what matters of them is said at the end, in words.
    """
    compared_benchmark["machine_info"] = machine_info
    name = f"the run saved on {compared_benchmark.get('datetime', 'an unknown day')}"
    compared_benchmark["benchmarks"], lines = saved.readable(compared_benchmark["benchmarks"], name)
    config.stash.setdefault(NOTICES, []).extend(lines)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session):
    """Before pytest-benchmark compares with saved runs, what cannot be compared is taken out of them.

    What it then cannot save costs nobody the tables, which come after. A process of pytest-xdist hands its notes to the
    one that has the terminal.
    """
    lines, benchmarks = session.config.stash[NOTICES], session.config._benchmarksession
    for path, records in (benchmarks.compared_mapping or {}).items():
        lines += saved.examine(benchmarks.benchmarks, records, Path(path).name)
    if benchmarks.compare_fail and not any((benchmarks.compared_mapping or {}).values()):
        lines.append("--benchmark-compare-fail: nothing could be compared")
        _fail(session)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["notes"] = session.config.stash[DISPLAY].notes
    benchmarks.save_json = lambda run: whole.write(Path(benchmarks.json), json.dumps(run, indent=4))
    try:
        return (yield)
    except Exception as error:
        lines.append(f"what was measured could not be saved: {in_a_line(error)}")
        _fail(session)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """An error that hits many tests is told once; an assertion is of one test alone."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if report.failed and isinstance(error, Exception) and not isinstance(error, AssertionError):
        first = item.config.stash[TOLD].setdefault((type(error), str(error)), item.nodeid)
        if first != item.nodeid:
            report.longrepr = f"{in_a_line(error)}\nThe same error as in {first}"
    return report


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config):
    """Under `--compare` a passed test is no news: the table has its numbers."""
    if config.option.compare and report.passed and report.when == "call":
        return "passed", "", ""
    return None


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config):
    """The tables come last, whatever another plugin could not show; what it says fails the run."""
    try:
        return (yield)
    except Exception as error:
        config.stash[NOTICES].append(in_a_line(error))
        _fail(terminalreporter._session)
    finally:
        _summarise(terminalreporter, config)


def _fail(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _summarise(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[NOTICES]:
        terminalreporter.write_line(line)
    for message, variant in config.stash[DISPLAY].notes.items():
        terminalreporter.write_line(f"note [{variant}]: {message}")
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    recorded = [(report, getattr(report, "user_properties", [])) for report in reports]
    console = Console(
        file=terminalreporter._tw._file, width=None if terminalreporter.isatty else TABLE_WIDTH, highlight=False
    )
    for network in config.stash[REFEREES]:
        if config.option.compare:
            console.print(_comparison(network, _met(config, network, recorded), recorded))
            terminalreporter.write_line(_asked_of_accuracies(network, config.option.epochs))
    if CAMPAIGN in config.stash:
        console.print(*campaign_report.tables(config.stash[CAMPAIGN]))
        for name, error in config.stash[CAMPAIGN].failures.items():
            terminalreporter.write_line(f"{name} could not be measured: {str(error).splitlines()[0]}")
    for report, properties in recorded:
        if "statement" in dict(properties) and report.when == "call":
            terminalreporter.write_line(dict(properties)["statement"])
    called = [(report, dict(properties)) for report, properties in recorded if getattr(report, "when", "") == "call"]
    for network in config.stash[REFEREES]:
        files = _files(network, recorded)
        if files:
            console.print(fidelity_table(network, files, DATASET.test))
        profiles = [found for found in each_recorded("profile", called) if found["network"] == network]
        if profiles:
            console.print(*profile_tables(network, profiles))
    tried = [(report, properties) for report, properties in recorded if getattr(report, "when", "") != "teardown"]
    climbed = [(report, properties) for report, properties in tried if not getattr(report, "skipped", False)]
    for network, referee in config.stash[REFEREES].items():
        rungs = [
            (dict(properties)["variant"], rung)
            for _, properties in climbed
            for key, rung in properties
            if key == "rung" and dict(properties)["network"] == network
        ]
        if rungs:
            console.print(ladder_table(network, referee, _met(config, network, climbed), rungs))


def _files(network: str, recorded: list[tuple]) -> dict[tuple[str, str, str], dict]:
    """Variant, runtime and kind -> what was found out about the file."""
    files: dict[tuple[str, str, str], dict] = defaultdict(dict)
    for _, properties in recorded:
        about = dict(properties)
        if "file" in about and about["network"] == network:
            found = about["file"]
            files[about["variant"], found["runtime"], found["kind"]] |= found
    return files


def _met(config: pytest.Config, network: str, recorded: list[tuple]) -> list[str]:
    """The variants that these reports are about, in their order."""
    met = {(dict(properties).get("variant"), dict(properties).get("network")) for _, properties in recorded}
    return [entrant.variant for entrant in config.stash[ENTRANTS] if entrant in met and entrant.network == network]


def _asked_of_accuracies(network: str, epochs: int | None) -> str:
    asked_for = NETWORKS[network]
    epochs = epochs or asked_for.epochs
    asked = f"Epochs of training: {epochs}. Asked of the accuracy: {100 * required_accuracy(asked_for, epochs):g}%"
    more = f"; {100 * asked_for.accuracy:g}% after {asked_for.epochs} epochs" if epochs < asked_for.epochs else ""
    return f"{asked}{more}."


def _comparison(network: str, variants: list[str], recorded: list[tuple]) -> Table:
    records, missing = defaultdict(dict), {}
    for report, properties in recorded:
        variant = dict(properties).get("variant")
        if dict(properties).get("network") == network:
            records[variant].update(properties)
            if report.skipped:
                missing[variant] = report.longrepr[2].removeprefix("Skipped: ")
    return comparison_table(network, variants, records, missing)
