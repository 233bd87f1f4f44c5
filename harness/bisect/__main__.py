"""Find the first build of a package that differs: `python -m harness.bisect jax --from A --to B`."""

import argparse
import json
import platform
import sys
import sysconfig
from pathlib import Path

from harness.bisect import report
from harness.bisect.bisection import Bisection
from harness.bisect.journal import Journal
from harness.bisect.prober import NUMERICS, Prober
from harness.data import atomic
from harness.regression import builds, environments
from harness.regression.checks import CHECKS
from harness.regression.comparison import MOST_PAIRS
from harness.regression.pair_run import RATIOS
from harness.regression.release_command import add_limits, add_options, checked, pairs, sampling, say
from harness.regression.releases import IMPORTABLE

ANSWERED, INTERRUPTED, REFUSED, GAP = 0, 2, 4, 5  # exit statuses


def main() -> None:
    """Search, print the result, and exit with its status. An error is one line."""
    options = _options()
    try:
        sys.exit(_search(options))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        kept = f"; the same command with --resume {options.resume} continues" if options.resume else ""
        print(f"interrupted{kept}", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _search(options: argparse.Namespace) -> int:
    package, variant = checked(options, (options.resume, options.json, options.markdown))
    found = builds.between(package, builds.bound(options.first), builds.bound(options.last), options.pre)
    first, *_, last = found.builds
    say(f"{len(found.builds)} builds of {package}, {first.version} to {last.version}; {variant}: {options.check}")
    workers = pairs(options.network, "the builds")
    prober = Prober(package, variant, options.companions, workers, environments.folder())
    search = {
        "package": package,
        "ends": [first.version, last.version],
        "framework": variant,
        "network": options.network,
        "check": options.check,
        "companions": options.companions,
        "python": f"{platform.python_version()} {sysconfig.get_platform()}",
    }
    if options.check in RATIOS:
        search |= {"margin": options.margin, "alpha": options.alpha}
    journal, limits = Journal(options.resume, search), sampling(options, MOST_PAIRS)
    bisection = Bisection(package, found.builds, options.check, limits, prober, journal, say)
    bisection.run()
    facts = report.described(bisection, options.network, found.left_out)
    print(report.as_text(facts))
    if options.json:
        atomic.write(options.json, json.dumps(facts, indent=1) + "\n")
    if options.markdown:
        atomic.write(options.markdown, report.as_markdown(facts))
    return GAP if facts.get("unknown") else ANSWERED


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.bisect", description=__doc__)
    add_options(parser, "keras-nightly", "builds")
    add = parser.add_argument
    add("--from", dest="first", required=True, metavar="A", help="the good end: a version, or a date as 2026-01-31")
    add("--to", dest="last", required=True, metavar="B", help="the bad end")
    checks = (NUMERICS, *CHECKS, *RATIOS, IMPORTABLE)
    add("--check", choices=checks, default=NUMERICS, help="(default: the first in numerics that differs)")
    add_limits(parser, 10, "the time or memory of a build")
    add("--pre", action="store_true", help="pre-releases count, too")
    add("--resume", type=Path, metavar="FILE", help="keep each outcome there, and begin with those of the file")
    add("--json", type=Path, metavar="FILE", help="write the result as JSON")
    add("--markdown", type=Path, metavar="FILE", help="write the result as Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    main()
