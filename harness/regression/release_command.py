"""The common part of the commands about releases of a package: their options, checks of these, and the workers."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import impls
from harness.data import atomic
from harness.data.lazy import Parts
from harness.data.obtain import obtain
from harness.judging.sequential import Sampling
from harness.measuring.targets import starter
from harness.numbers import chance, minutes, percent
from harness.regression.pair import Pairs
from harness.regression.releases import variant_of
from harness.regression.requirements import NotBuilt, canonical, parsed
from harness.workers import processors, sandbox
from harness.workers.launch import WorkerSpec
from impls.contract import DATASET, NETWORKS, Settings


def add_options(parser: argparse.ArgumentParser, example: str, releases: str) -> None:
    """Add the package, and the options that choose the variant, the network and the other packages."""
    add = parser.add_argument
    add("package", help=f"the distribution, such as {example}")
    add("--framework", choices=impls.variants(), help="the variant (default: that of the package, if it is one)")
    add("--network", choices=NETWORKS, default="mlp", help="(default: mlp)")
    add("--with", dest="companions", action="append", default=[], metavar="REQUIREMENT", help=f"for all {releases}")


def add_limits(parser: argparse.ArgumentParser, time: float, time_of: str) -> None:
    """Add the options of `sampling`. `time` is the default of the minutes for `time_of`."""
    add = parser.add_argument
    unimportant = "a change of a time or of memory that does not matter (default: 5)"
    add("--margin", type=percent, default=Sampling.margin, metavar="PERCENT", help=unimportant)
    bound = "the chance that any verdict is wrong (default: 1)"
    add("--alpha", type=chance, default=Sampling.alpha, metavar="PERCENT", help=bound)
    add("--max-minutes", type=minutes, default=time, metavar="M", help=f"for {time_of} (default: {time:g})")


def sampling(options: argparse.Namespace, most: int) -> Sampling:
    """Return the limits of the verdicts, with at most `most` process runs at once."""
    at_once = min(processors.count(), most)
    return Sampling(options.margin, options.alpha, at_once=at_once, seconds=60 * options.max_minutes)


def checked(options: argparse.Namespace, files: Iterable[Path | None]) -> tuple[str, str]:
    """Return the package and the variant. Raise `ValueError` for a file that cannot be written, and `NotBuilt`."""
    package = canonical(options.package)
    variant = options.framework or variant_of(package)
    for file in filter(None, files):
        if problem := atomic.problem(file):
            raise ValueError(f"{file}: {problem}")
    for companion in options.companions:
        if parsed(companion).url:
            raise NotBuilt(f"--with {companion}: expected a version, such as numpy<2.2, not an address")
    return package, variant


def pairs(network: str, releases: str) -> Pairs:
    """Return the factory of pairs in the sandbox, with one thread, as in `pytest -m regression`."""
    dataset = Parts.at(obtain(say=say))
    if notice := sandbox.notice(releases):
        say(notice)
    spec = WorkerSpec("", threads=1, readable=(DATASET.raw(dataset.directory),))
    return Pairs(Settings(network=network, threads=spec.threads), dataset, starter(spec, lambda *_: None))


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)
