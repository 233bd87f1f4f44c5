"""Terminal output: notes, each error once, and the tables at the end."""

import os
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import pytest

from harness.equality.limits import required_accuracy
from harness.plugin.chapter import case_of, chapters
from harness.plugin.output import console_of, fail, results_of
from harness.plugin.stash import CAMPAIGN, CASES, DISPLAY, NOTICES, REFERENCES
from harness.report import latency
from harness.report.display import Display, real_stdout
from harness.report.record import as_property, of_kind, results_in
from harness.report.tables import comparison_table, errors_table
from harness.workers.excerpt import in_a_line
from impls.contract import NETWORKS

REPORTED = pytest.StashKey[dict[tuple[type, str], str]]()  # error -> the test at which it was shown


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the notices, the errors that were shown, and the display."""
    config.stash.setdefault(NOTICES, [])
    config.stash[REPORTED] = {}
    in_xdist = "PYTEST_XDIST_WORKER" in os.environ
    display = config.stash[DISPLAY] = Display(None if in_xdist else real_stdout())
    config.add_cleanup(display.close)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """Collect the notes of a process of pytest-xdist that has ended."""
    for message, variant in getattr(node, "workeroutput", {}).get("notes", {}).items():
        node.config.stash[DISPLAY].warning(variant, message)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Pass the notes of a process of pytest-xdist to the process with the terminal."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["notes"] = session.config.stash[DISPLAY].notes


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Record the case of a test, which may be skipped."""
    if case := case_of(item):
        item.user_properties.append(as_property("test", case))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Report an error of several tests once, but every failed assertion."""
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if report.failed and isinstance(error, Exception) and not isinstance(error, AssertionError):
        first = item.config.stash[REPORTED].setdefault((type(error), str(error)), item.nodeid)
        if first != item.nodeid:
            report.longrepr = f"{in_a_line(error)}\nThe same error as in {first}"
    return report


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config):
    """Print nothing for a passed test under `--compare`: the table has its numbers."""
    if config.option.compare and report.passed and report.when == "call":
        return "passed", "", ""
    return None


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config):
    """Print the tables last. An error of another plugin becomes a line and fails the run."""
    try:
        return (yield)
    except Exception as error:
        config.stash[NOTICES].append(in_a_line(error))
        fail(terminalreporter._session)
    finally:
        try:
            _summarise(terminalreporter, config)
        except Exception as error:
            terminalreporter.write_line(f"the tables could not be shown: {in_a_line(error)}", red=True)
            fail(terminalreporter._session)


def _summarise(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[NOTICES]:
        terminalreporter.write_line(line)
    for message, variant in config.stash[DISPLAY].notes.items():
        terminalreporter.write_line(f"note [{variant}]: {message}")
    console = console_of(terminalreporter)
    reports = terminalreporter.stats
    results = list(results_of(reports))
    campaign = config.stash.get(CAMPAIGN, None)
    for network, reference in config.stash[REFERENCES].items():
        tested = {(each["variant"], each["network"]) for each in results}
        cases = [case for case in config.stash[CASES] if case in tested and case.network == network]
        variants = [case.variant for case in cases]
        absent = _absent(network, reports)
        if config.option.compare:
            console.print(comparison_table(network, variants, results, absent))
            terminalreporter.write_line(_required(network, config.option.epochs))
        measured = latency.tables(network, variants, results, campaign) if campaign else ()
        for table in chain(measured, *(chapter.tables(network, results) for chapter in chapters(config))):
            console.print(table)
        if of_kind(results, "error", network):
            console.print(errors_table(network, reference, [each for each in variants if each not in absent], results))
    for name, error in (campaign.failures if campaign else {}).items():
        terminalreporter.write_line(f"{name} could not be measured: {str(error).splitlines()[0]}")
    for statement in of_kind(results, "statement"):
        terminalreporter.write_line(statement["text"])


def _absent(network: str, reports: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Return the reason for each variant whose tests were skipped: its package is not installed."""
    reasons = {}
    for report in reports.get("skipped", []):
        for each in results_in(report.user_properties):
            if each["network"] == network:
                reasons[each["variant"]] = report.longrepr[2].removeprefix("Skipped: ")
    return reasons


def _required(network: str, epochs: int | None) -> str:
    required = NETWORKS[network]
    epochs = epochs or required.epochs
    now = f"Epochs of training: {epochs}. Required accuracy: {100 * required_accuracy(required, epochs):g}%"
    later = f"; {100 * required.accuracy:g}% after {required.epochs} epochs" if epochs < required.epochs else ""
    return f"{now}{later}."
