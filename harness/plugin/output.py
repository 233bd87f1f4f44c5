"""Common parts of the plugins that report a run: its results, the console, files, and a failure of a report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.data import atomic
from harness.report.record import Result, results_in

TABLE_WIDTH = 120  # columns, where there is no terminal to ask


def console_of(terminalreporter: pytest.TerminalReporter) -> Console:
    """Return a console for tables. A character that the terminal's encoding lacks is replaced."""
    file = terminalreporter._tw._file
    if hasattr(file, "reconfigure"):
        file.reconfigure(errors="replace")
    return Console(file=file, width=None if terminalreporter.isatty else TABLE_WIDTH, highlight=False)


def results_of(reports: Mapping[str, Sequence[Any]]) -> Iterator[Result]:
    """Yield the results of a run. `reports`: outcome -> test reports, as pytest's terminal keeps them.

    The report of a test is that of its call, or that of its setup if it ended there.
    """
    for report in chain(*reports.values()):
        when = getattr(report, "when", "")
        if when == "call" or (when == "setup" and not report.passed):
            yield from results_in(report.user_properties)


def write_report(
    terminalreporter: pytest.TerminalReporter, option: str, text_of: Callable[[Any], str], run: Any
) -> Path | None:
    """Write `text_of(run)` to the file that an option names, and return the file; None without the option.

    The run fails, and the result is None, if the file cannot be written.
    """
    file = getattr(terminalreporter.config.option, option[2:].replace("-", "_"))
    try:
        if file:
            atomic.write(file, text_of(run))
    except OSError as error:
        terminalreporter.write_line(f"{option}: {file} could not be written: {error}", red=True)
        fail(terminalreporter._session)
        return None
    return file


def fail(session: pytest.Session) -> None:
    """Let a run that has passed so far end with exit status 1."""
    if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
