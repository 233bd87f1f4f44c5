"""The options of every run, and the combinations that are refused."""

import argparse
import itertools
from pathlib import Path

import pytest

import impls
from harness.data import atomic
from harness.numbers import seconds, whole_number
from harness.workers import variables
from harness.workers.launch import thread_variables
from impls.contract import DATASET, DEFAULT_NETWORKS

VERSIONS = ("--baseline", "--candidate", "--baseline-python", "--candidate-python")
TIMES = ("--benchmark-only", "--compare", "--quick", *VERSIONS)
CONFLICTS = (  # no option of the first column can be combined with one of the second
    (("--in-process",), TIMES, "times are taken in workers"),
    (("-n",), TIMES, "a measurement of time needs the machine for itself"),
    (("-n",), ("--seeds",), "one process compares all variants"),
    (("--benchmark-only", "--compare", "--quick"), VERSIONS, "versions are compared in a separate run"),
    (("--baseline",), ("--baseline-python",), "both say which version it is"),
    (("--candidate",), ("--candidate-python",), "both say which version it is"),
    (("--notebook-baseline",), ("--device",), "notebooks train on the CPU"),
    (("--quick",), ("--epochs", "--process-runs"), "it sets both to 1"),
)
OFF = (None, False, [], 0)  # values of options that are not given
DEFAULTS = {"--seeds": 1, "--device": "cpu", "--process-runs": 3}  # of other options in `CONFLICTS`
FILES = ("benchmark_json", "regression_json", "regression_markdown", "page", "results")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose variants, networks and settings, and those of the workers."""
    add = parser.getgroup("frameworks", "one network in every framework").addoption
    count = whole_number(1)
    add("--framework", action="append", metavar="NAME", help="only this variant, or all of this file; repeatable")
    add("--network", action="append", metavar="NAME", help=f"one of {', '.join(DEFAULT_NETWORKS)}, or all; repeatable")
    add("--reference", metavar="NAME", help="the reference variant (default: numpy, where it exists)")
    add("--epochs", type=count, help="passes over the training images (default: set by the network)")
    size = whole_number(1, DATASET.train)
    add("--batch-size", type=size, default=128, help="images of a training step (default: 128)")
    add("--seeds", type=count, default=1, help="trainings of each variant in -m accuracy (default: 1)")
    add("--long", action="store_true", help="a whole epoch in equivalence tests; tests of a minute and more")
    add("--threads", type=count, help="CPU threads of each framework (default: all cores, 1 for two versions)")
    add("--device", choices=["cpu", "cuda"], default="cpu", help="device of every framework (default: cpu)")
    add("--process-runs", type=count, default=3, help="process runs of each variant to time (default: 3)")
    add("--notebook-baseline", action="store_true", help="also time the notebook ways of training")
    add("--data-dir", type=Path, metavar="DIR", help="the only source of the data set")
    add("--in-process", action="store_true", help="run the one chosen variant inside pytest, for a debugger")
    add("--compare", action="store_true", help="train and time every variant, then print tables")
    add("--quick", action="store_true", help="--compare with one epoch and one short process run")
    silence = "seconds without a message before a worker is ended (default: 600)"
    add("--worker-timeout", type=seconds, default=600.0, metavar="S", help=silence)
    kept = "variable that workers inherit although it can change a measurement, such as XLA_FLAGS; repeatable"
    add("--keep-env", action="append", default=[], metavar="NAME", help=kept)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Refuse options that exclude each other, variables that cannot be kept, and files that cannot be written.

    `--quick` sets other options. `--compare` prints its own tables, so those of pytest-benchmark are off.
    """
    option = config.option
    for first, second, why in CONFLICTS:
        for one, other in itertools.product(first, second):
            if is_given(option, one) and is_given(option, other):
                raise pytest.UsageError(f"{one} cannot be combined with {other}: {why}")
    if option.quick:
        option.compare, option.epochs, option.process_runs = True, 1, 1
    option.benchmark_quiet |= option.compare
    if option.benchmark_cprofile:
        raise pytest.UsageError("--benchmark-cprofile would profile pytest, not the workers: leave it out")
    by_variants = set().union(*(variant.environment for variant in impls.variants().values()))
    set_here = {*thread_variables(option.threads, option.device), *by_variants, "KERAS_HOME"}
    problem = variables.problem(option.keep_env, set_here)
    if problem:
        raise pytest.UsageError(f"--keep-env {problem}")
    for name in FILES:
        file = getattr(option, name)
        problem = file and atomic.problem(file)
        if problem:
            raise pytest.UsageError(f"--{name.replace('_', '-')} {file}: {problem}")


def is_given(option: argparse.Namespace, name: str) -> bool:
    """Return whether an option of `CONFLICTS` is on the command line with another value than its default."""
    value = getattr(option, "numprocesses" if name == "-n" else name[2:].replace("-", "_"), None)
    return value not in OFF and value != DEFAULTS.get(name)
