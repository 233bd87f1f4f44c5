"""The common part of the commands about releases of a package: their options, checks of these, and the workers."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import impls
from harness.data import atomic
from harness.data.lazy import Parts
from harness.data.obtain import obtain
from harness.measuring.targets import Target, starter
from harness.regression.releases import variant_of
from harness.regression.requirements import NotBuilt, canonical, parsed
from harness.workers import sandbox
from harness.workers.worker import Worker, WorkerSpec
from impls.contract import DATASET, NETWORKS, Settings


def add_options(parser: argparse.ArgumentParser, example: str, releases: str) -> None:
    """Add the package, and the options that choose the variant, the network and the other packages."""
    add = parser.add_argument
    add("package", help=f"the distribution, such as {example}")
    add("--framework", choices=impls.variants(), help="the variant (default: that of the package, if it is one)")
    add("--network", choices=NETWORKS, default="mlp", help="(default: mlp)")
    add("--with", dest="companions", action="append", default=[], metavar="REQUIREMENT", help=f"for all {releases}")


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


def workers(network: str, releases: str) -> tuple[Settings, Parts, Callable[[Target], Worker]]:
    """Return settings, data set and starter of `Pairs`: one thread, as in `pytest -m regression`, in the sandbox."""
    dataset = Parts.at(obtain(None))
    if notice := sandbox.notice(releases):
        say(notice)
    spec = WorkerSpec("", threads=1, readable=(DATASET.raw(dataset.directory),))
    return Settings(network=network, threads=1), dataset, starter(spec, lambda *_: None)


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)
