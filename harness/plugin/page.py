"""The pytest side of the page: `--page FILE` draws what the run found, `--results FILE` keeps it to be drawn again."""

from pathlib import Path

import pytest

from harness.data import whole
from harness.page.page import html
from harness.page.results import as_json
from harness.plugin.results import collected


def pytest_addoption(parser: pytest.Parser) -> None:
    add = parser.getgroup("frameworks").addoption
    add("--page", type=Path, metavar="FILE", help="write what was found as a page; write it with =")
    add(
        "--results",
        type=Path,
        metavar="FILE",
        help="the same as JSON, of which `python -m harness.page` draws it again; write it with =",
    )


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    page, kept = config.option.page, config.option.results
    if config.option.collectonly or not (page or kept):
        return
    results = collected(config, terminalreporter.stats)
    for option, file, text in (("--page", page, html), ("--results", kept, as_json)):
        try:
            if file:
                whole.write(file, text(results))
                terminalreporter.write_line(f"{file} is written: {file.stat().st_size / 1e3:,.0f} kB")
        except OSError as error:
            terminalreporter.write_line(f"{option}: {file} could not be written: {error}", red=True)
            terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED
