"""Find the first build of a package that computes something else: `python -m harness.bisect jax --from A --to B`."""

import argparse
import json
import platform
import sys
import sysconfig
from pathlib import Path

import impls
from harness.bisect import report
from harness.bisect.bisection import Bisection, Unmeasurable
from harness.bisect.journal import Journal
from harness.bisect.prober import NUMERICS, Prober
from harness.data import atomic
from harness.data.lazy import Parts
from harness.data.obtain import DataError, obtain
from harness.measuring.targets import starter
from harness.regression import builds, environments
from harness.regression.checks import CHECKS
from harness.regression.pair import Pairs
from harness.regression.releases import IMPORTABLE, check_companions, variant_of
from harness.regression.requirements import canonical
from harness.workers import sandbox
from harness.workers.worker import WorkerSpec
from impls.contract import DATASET, NETWORKS, Settings

ANSWERED, INTERRUPTED, REFUSED, GAP = 0, 2, 4, 5  # exit statuses


def main() -> None:
    """Search, print the result, and exit with its status. An error is one line."""
    options = _options()
    try:
        sys.exit(_search(options))
    except (ValueError, OSError, DataError, Unmeasurable) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        kept = f"; the same command with --resume {options.resume} continues" if options.resume else ""
        print(f"interrupted{kept}", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _search(options: argparse.Namespace) -> int:
    package = canonical(options.package)
    variant = options.framework or variant_of(package)
    for file in filter(None, (options.resume, options.json, options.markdown)):
        if problem := atomic.problem(file):
            raise ValueError(f"{file}: {problem}")
    check_companions(options.companions)
    found = builds.between(package, builds.bound(options.first), builds.bound(options.last), options.pre)
    first, *_, last = found.builds
    _say(f"{len(found.builds)} builds of {package}, {first.version} to {last.version}; {variant}: {options.check}")
    settings = Settings(network=options.network, threads=1)  # as in `pytest -m regression`
    dataset = Parts.at(obtain(None))
    if problem := sandbox.problem():
        _say(f"the network and the user's files are not denied to the builds: {problem}")
    start = starter(WorkerSpec("", threads=1, readable=(DATASET.raw(dataset.directory),)), lambda *_: None)
    prober = Prober(
        package,
        variant,
        options.companions,
        lambda pythons: Pairs(pythons, settings, dataset, start),
        environments.folder(),
    )
    search = {
        "package": package,
        "ends": [first.version, last.version],
        "framework": variant,
        "network": options.network,
        "check": options.check,
        "companions": options.companions,
        "python": f"{platform.python_version()} {sysconfig.get_platform()}",
    }
    bisection = Bisection(package, found.builds, options.check, prober, Journal(options.resume, search), _say)
    bisection.run()
    facts = report.described(bisection, found.left_out)
    print(report.as_text(facts))
    if options.json:
        atomic.write(options.json, json.dumps(facts, indent=1) + "\n")
    if options.markdown:
        atomic.write(options.markdown, report.as_markdown(facts))
    return GAP if facts.get("unknown") else ANSWERED


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.bisect", description=__doc__)
    add = parser.add_argument
    add("package", help="the distribution, such as keras-nightly")
    add("--from", dest="first", required=True, metavar="A", help="the good end: a version, or a date as 2026-01-31")
    add("--to", dest="last", required=True, metavar="B", help="the bad end")
    add("--framework", choices=impls.variants(), help="the variant (default: that of the package, if it is one)")
    add("--network", choices=NETWORKS, default="mlp", help="(default: mlp)")
    add("--check", choices=(NUMERICS, *CHECKS, IMPORTABLE), default=NUMERICS, help="(default: the first that differs)")
    add("--with", dest="companions", action="append", default=[], metavar="REQUIREMENT", help="for all builds")
    add("--pre", action="store_true", help="pre-releases count, too")
    add("--resume", type=Path, metavar="FILE", help="keep each outcome there, and begin with those of the file")
    add("--json", type=Path, metavar="FILE", help="write the result as JSON")
    add("--markdown", type=Path, metavar="FILE", help="write the result as Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    main()
