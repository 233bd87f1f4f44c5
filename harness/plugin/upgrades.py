"""Comparison of two versions: its options, the selection of its tests, the exit status, and the reports."""

from pathlib import Path

import pytest

import impls
from harness.judging.sequential import Sampling
from harness.numbers import chance, minutes, percent
from harness.plugin.options import VERSIONS, is_given
from harness.plugin.output import console_of, write_report
from harness.plugin.selection import keep_only
from harness.plugin.stash import CASES, COMPARED, REFERENCES, UPGRADE
from harness.regression import report
from harness.regression.checks import CHECKS
from harness.regression.identity import Contradiction
from harness.regression.pair_run import QUANTITIES
from harness.regression.requirements import NotBuilt, given_or_installed
from harness.regression.versions import ACCURACY, Compared, affected
from harness.report.record import of_kind, results_in

EXAMPLE = 'pytest -m regression --baseline "keras==3.14.1" --candidate "keras==3.15.1"'
NOTHING_DECIDED = pytest.ExitCode.NO_TESTS_COLLECTED  # 5: nothing is worse, and not everything is known to be the same
BAD = ("worse", "changed")
OPEN = ("inconclusive", "not comparable", "missing")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name the two versions, limit the comparison and write its reports."""
    add = parser.getgroup("regression", "one version of a framework against another").addoption
    for side in ("baseline", "candidate"):
        required = f'the {side}, such as "keras==3.14.1"; repeatable (default: the current environment)'
        add(f"--{side}", action="append", default=[], metavar="REQUIREMENT", help=required)
        add(f"--{side}-python", metavar="PATH", help=f"take this interpreter for the {side}; write it with =")
    margin = "a slowdown that does not matter (default: 5)"
    add("--max-slowdown", type=percent, default=Sampling.margin, metavar="PERCENT", help=margin)
    bound = "how often a run may have a wrong verdict; more decides sooner (default: 1)"
    add("--alpha", type=chance, default=Sampling.alpha, metavar="PERCENT", help=bound)
    time = "for trainings and timings; what is not clear by then is inconclusive (default: 60)"
    add("--max-minutes", type=minutes, default=60.0, metavar="M", help=time)
    for form in ("json", "markdown"):
        add(f"--regression-{form}", type=Path, metavar="FILE", help=f"write the verdicts as {form}")


def is_asked_for(config: pytest.Config) -> bool:
    """Return whether the command line names a version."""
    return any(is_given(config.option, name) for name in VERSIONS)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the variants to compare, by the requirements of the command line, unless a chapter has chosen."""
    if COMPARED not in config.stash:
        try:
            variants = affected(config.option, list(dict.fromkeys(case.variant for case in config.stash[CASES])))
        except NotBuilt as error:
            raise pytest.UsageError(str(error)) from None
        packages = {variant: impls.variants()[variant].packages for variant in variants}
        config.stash[COMPARED] = Compared(packages, given_or_installed, [*CHECKS], [ACCURACY, *QUANTITIES])
    if is_asked_for(config) and len(config.stash[REFERENCES]) > 1:
        raise pytest.UsageError("two versions are compared on one network: name it with --network")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Refuse a comparison without versions."""
    if config.option.markexpr == "regression" and not is_asked_for(config):
        raise pytest.UsageError(f"say which versions to compare: {EXAMPLE}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select the tests of the comparison if the command line names a version, otherwise all other tests."""
    asked = is_asked_for(config)
    keep_only(config, items, lambda item: (item.get_closest_marker("regression") is not None) == asked)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize the tests of the comparison by variant, check and quantity."""
    if "upgraded" not in metafunc.fixturenames:
        return
    network, compared = next(iter(metafunc.config.stash[REFERENCES])), metafunc.config.stash[COMPARED]
    metafunc.parametrize("upgraded", list(compared.packages), ids=lambda name: f"{name}-{network}")
    values = {"check": compared.checks, "quantity": compared.quantities}
    for name in values.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, values[name])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """End the run if a side is not the requested version: no verdict would be valid."""
    try:
        return (yield)
    except Contradiction as error:
        item.config.stash[UPGRADE].refused = str(error)
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport):
    """Report an open verdict by its word: it is neither passed nor failed."""
    for verdict in of_kind(results_in(report.user_properties), "verdict") if report.when == "call" else ():
        if verdict["word"] in OPEN:
            return verdict["word"], "?", verdict["word"].upper()
    return None


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session):
    """End with `NOTHING_DECIDED` if all failures are verdicts that are not clear."""
    upgrade = session.config.stash.get(UPGRADE, None)
    if upgrade and session.exitstatus == pytest.ExitCode.TESTS_FAILED:
        words = [found.word for found in upgrade.found.values()]
        if session.testsfailed <= sum(word in OPEN for word in words) and not any(word in BAD for word in words):
            session.exitstatus = NOTHING_DECIDED
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tables of the comparison and write its reports."""
    upgrade = config.stash.get(UPGRADE, None)
    if not upgrade:
        return
    console = console_of(terminalreporter)
    for part in report.terminal(upgrade) if upgrade.found else ():
        console.print(part, soft_wrap=isinstance(part, str))
    for form, described in (("json", report.as_json), ("markdown", report.as_markdown)):
        write_report(terminalreporter, f"--regression-{form}", described, upgrade)
