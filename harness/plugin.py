"""The pytest side: which variants run, which tests are meant, where they run, and the table at the end."""

import difflib
import os
from collections import defaultdict
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

import impls
from harness import campaign_report, participants, saved
from harness.campaign import CAMPAIGN
from harness.display import DISPLAY, Display, real_stdout
from harness.report import comparison_table, ladder_table

VARIANTS = pytest.StashKey[list[str]]()
COMPARABILITY = pytest.StashKey[list[str]]()  # of saved runs with this one, as lines
TABLE_WIDTH = 120  # columns, where there is no terminal to ask


def pytest_configure(config: pytest.Config) -> None:
    config.stash[VARIANTS] = _chosen_variants(config)
    config.stash[COMPARABILITY] = []
    if config.option.in_process:
        _refuse_enemies(config.stash[VARIANTS])
    in_xdist = "PYTEST_XDIST_WORKER" in os.environ
    config.stash[DISPLAY] = Display(None if in_xdist else real_stdout())


def pytest_unconfigure(config: pytest.Config) -> None:
    if DISPLAY in config.stash:
        config.stash[DISPLAY].close()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    for message, variant in getattr(node, "workeroutput", {}).get("notes", {}).items():
        node.config.stash[DISPLAY].warning(variant, message)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Refuse what cannot be measured so. `--compare` has its own tables; xdist keeps a framework in one process."""
    config.option.benchmark_quiet |= config.option.compare
    if config.option.notebook_baseline and config.option.device != "cpu":
        raise pytest.UsageError("--notebook-baseline trains on the CPU: leave --device out")
    if config.option.benchmark_cprofile:
        raise pytest.UsageError("--benchmark-cprofile would profile pytest, not the workers: leave it out")
    if config.option.in_process and (config.option.benchmark_only or config.option.compare):
        raise pytest.UsageError("--in-process is for a debugger, and times are taken in workers: leave it out")
    if not getattr(config.option, "numprocesses", None):
        return
    if config.option.benchmark_only or config.option.compare:
        wanted = "--compare" if config.option.compare else "--benchmark-only"
        raise pytest.UsageError(
            f"{wanted} measures time and cannot share the machine with other tests: run `pytest {wanted}` without -n"
        )
    if config.option.seeds > 1:
        raise pytest.UsageError("--seeds compares all variants in one process: run it without -n")
    if config.option.dist == "no":
        config.option.dist = "loadgroup"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "framework" in metafunc.fixturenames:
        variants = metafunc.config.stash[VARIANTS]
        parameters = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in variants]
        metafunc.parametrize("framework", parameters, indirect=True)
    if "timed" in metafunc.fixturenames:
        pairs = participants.pairs(metafunc.config.stash[VARIANTS], metafunc.config.option.notebook_baseline)
        metafunc.parametrize(("timed", "operation"), pairs, ids=str)


@pytest.hookimpl(tryfirst=True)
def pytest_benchmark_compare_machine_info(machine_info: dict, compared_benchmark: dict) -> None:
    """Keeps pytest-benchmark from printing two machines as JSON: what matters of them is said at the end, in words."""
    compared_benchmark["machine_info"] = machine_info


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session):
    """Before pytest-benchmark compares with saved runs, what cannot be compared is taken out of them.

    A process of pytest-xdist hands its notes to the one that has the terminal.
    """
    benchmarks = session.config._benchmarksession
    for path, records in (benchmarks.compared_mapping or {}).items():
        session.config.stash[COMPARABILITY] += saved.examine(benchmarks.benchmarks, records, Path(path).name)
    if benchmarks.compare_fail and not any((benchmarks.compared_mapping or {}).values()):
        session.config.stash[COMPARABILITY].append("--benchmark-compare-fail: nothing could be compared")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["notes"] = session.config.stash[DISPLAY].notes
    return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Benchmarks run when asked for, and then nothing else does; tests that need a network run with `-m network`."""
    option = config.option

    def wanted(item: pytest.Item) -> bool:
        if item.name == "test_mean_accuracies_agree" and option.seeds < 2:
            return False
        benchmark = item.get_closest_marker("latency") is not None
        if option.compare:
            return benchmark or item.get_closest_marker("accuracy") is not None
        if option.benchmark_only:
            return benchmark
        if item.get_closest_marker("network") is not None and "network" not in option.markexpr:
            return False
        return not benchmark or "latency" in option.markexpr

    unwanted = [item for item in items if not wanted(item)]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if wanted(item)]


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config):
    """Under `--compare` a passed test is no news: the table has its numbers."""
    if config.option.compare and report.passed and report.when == "call":
        return "passed", "", ""
    return None


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[COMPARABILITY]:
        terminalreporter.write_line(line)
    for message, variant in config.stash[DISPLAY].notes.items():
        terminalreporter.write_line(f"note [{variant}]: {message}")
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    recorded = [(report, getattr(report, "user_properties", [])) for report in reports]
    console = Console(
        file=terminalreporter._tw._file, width=None if terminalreporter.isatty else TABLE_WIDTH, highlight=False
    )
    if config.option.compare:
        console.print(_comparison(config.stash[VARIANTS], recorded))
    if CAMPAIGN in config.stash:
        console.print(*campaign_report.tables(config.stash[CAMPAIGN]))
        for name, error in config.stash[CAMPAIGN].failures.items():
            terminalreporter.write_line(f"{name} could not be measured: {str(error).splitlines()[0]}")
    for report, properties in recorded:
        if "statement" in dict(properties) and report.when == "call":
            terminalreporter.write_line(dict(properties)["statement"])
    rungs = [
        (dict(properties)["variant"], rung) for _, properties in recorded for key, rung in properties if key == "rung"
    ]
    if rungs:
        console.print(ladder_table(config.stash[VARIANTS], rungs))


def _comparison(variants: list[str], recorded: list[tuple]) -> Table:
    records, missing = defaultdict(dict), {}
    for report, properties in recorded:
        variant = dict(properties).get("variant")
        if variant:
            records[variant].update(properties)
            if report.skipped:
                missing[variant] = report.longrepr[2].removeprefix("Skipped: ")
    return comparison_table(variants, records, missing)


def _refuse_enemies(variants: list[str]) -> None:
    """`--in-process` takes what can share a process: variants of the same packages and the same environment."""
    needs = {(known.packages, tuple(known.environment.items())) for known in map(impls.variants().get, variants)}
    if len(needs) > 1:
        raise pytest.UsageError(
            "--in-process runs the framework inside pytest, and two frameworks in one process abort: "
            f"name exactly one with --framework, out of {', '.join(impls.variants())}"
        )


def _chosen_variants(config: pytest.Config) -> list[str]:
    """What `--framework` names, each an implementation (all its variants) or a variant; all if it names nothing."""
    known = impls.variants()
    if not config.option.framework:
        return list(known)
    chosen = []
    for name in config.option.framework:
        matching = [variant.name for variant in known.values() if name in (variant.name, variant.implementation)]
        if not matching:
            near = difflib.get_close_matches(name, [*known, *impls.names()], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise pytest.UsageError(f"--framework {name}: no such variant{hint} Expected one of {', '.join(known)}.")
        chosen += matching
    return list(dict.fromkeys(chosen))
