"""`--budget FILE`: print the counts of a run, and fail if FILE allows less. Counts, because seconds vary."""

import json
import os
import tempfile
from pathlib import Path

import pytest

from harness import tally
from harness.plugin.output import fail

NAMES = {
    "starts": "processes that import a framework",
    "trainings": "calls of fit",
    "epochs": "epochs of these",
    "pytests": "processes of pytest within tests",
    "programs": "other Python programs, such as a tutorial",
    "environments": "environments built",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file of the budget."""
    add = parser.getgroup("frameworks").addoption
    add("--budget", type=Path, metavar="FILE", help="print what was started and trained; fail if it exceeds FILE")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin to count, before pytest-xdist starts its processes: they inherit the variable and count as well."""
    if not config.option.budget:
        return
    limits(config.option.budget)
    if tally.VARIABLE not in os.environ:
        folder = tempfile.TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        os.environ[tally.VARIABLE] = str(Path(folder.name, "tally"))
        config.add_cleanup(lambda: os.environ.pop(tally.VARIABLE))
    tally.add_processes()


def limits(file: Path) -> dict[str, int]:
    """Read the budget: name -> the most that a run may count. Raise `pytest.UsageError` for anything else."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"--budget {file}: expected a JSON file, got {error}") from None
    if not isinstance(found, dict) or found.keys() != NAMES.keys():
        raise pytest.UsageError(f"--budget {file}: expected a limit for each of {', '.join(NAMES)}")
    return found


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print each count with its limit, and fail the run if one is exceeded."""
    if not config.option.budget:
        return
    allowed = limits(config.option.budget)
    file = Path(os.environ[tally.VARIABLE])
    spent = tally.spent(file.read_text(encoding="utf-8").splitlines() if file.exists() else ())
    terminalreporter.section("budget")
    for name, meaning in NAMES.items():
        over = spent[name] > allowed[name]
        terminalreporter.write_line(f"{name:<12} {spent[name]:5} of {allowed[name]:5}  {meaning}", red=over)
        if over:
            why = f"--budget {config.option.budget}: expected at most {allowed[name]} {name}, got {spent[name]}"
            terminalreporter.write_line(why, red=True)
            fail(terminalreporter._session)
