"""Compare the releases of a package with an anchor: `python -m harness.history keras --since 3.10 --anchor 3.15.1`."""

import argparse
import sys
from pathlib import Path

from packaging.version import Version

from harness.data import atomic
from harness.history.history import History, pending
from harness.history.picture import drawn
from harness.history.rows import Row, read
from harness.history.table import as_markdown
from harness.measuring import machine
from harness.regression import builds, environments
from harness.regression.builds import Build
from harness.regression.release_command import add_limits, add_options, checked, pairs, sampling, say
from harness.regression.releases import Releases

NOT_ALL = 5  # exit status, as of an open verdict
AT_ONCE = 2  # groups of 5 workers, with all of a framework in memory


def main() -> None:
    """Measure, and print the table. An error is one line."""
    options = _options()
    try:
        _measure(options)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        again = ", without --again," if options.again else ""
        print(f"interrupted; the same command{again} measures what is missing in {options.file}", file=sys.stderr)
        sys.exit(2)


def _measure(options: argparse.Namespace) -> None:
    package, variant = checked(options, (options.file, options.picture, options.markdown))
    listed = builds.between(package, builds.bound(options.since)).builds
    listed = _last_of_minor(listed) if options.minor else listed
    facts = {
        "package": package,
        "framework": variant,
        "network": options.network,
        "companions": options.companions,
        "margin": options.margin,
    }
    known = read(options.file)
    own = [row["anchor"] for row in known if _is_of(row, facts)]
    names = {Version(build.version): build.version for build in listed}
    anchor = names.get(Version(options.anchor), options.anchor) if options.anchor else (own or [listed[-1].version])[-1]
    facts |= {"anchor": anchor, "machine": machine.identity()}
    todo = pending(listed, [] if options.again else known, facts)
    say(f"{len(todo)} of {len(listed)} releases of {package} to measure, compared with {facts['anchor']}; {variant}")
    if todo:
        _history(options, facts).run(todo)
    found = read(options.file)
    rows = [row for row in found if _is_of(row, facts)]
    if rows:
        _report(options, rows)
    if left := pending(todo, found[len(known) :], facts):
        say(f"{len(left)} releases have no new row: the time was up, or nothing could be measured")
        sys.exit(NOT_ALL)


def _report(options: argparse.Namespace, rows: list[Row]) -> None:
    table = as_markdown(rows)
    print(table, end="")
    if options.markdown:
        atomic.write(options.markdown, table)
    if options.picture:
        atomic.write(options.picture, drawn(rows))


def _history(options: argparse.Namespace, facts: dict) -> History:
    workers = pairs(options.network, "the releases")
    releases = Releases(facts["package"], facts["framework"], options.companions, workers, environments.folder())
    return History(releases, facts, sampling(options, AT_ONCE), options.file, say)


def _last_of_minor(listed: list[Build]) -> list[Build]:
    return list({Version(build.version).release[:2]: build for build in listed}.values())


def _is_of(row: dict, facts: dict) -> bool:
    """Return whether a row belongs to this history, of any machine."""
    return all(row.get(key) == value for key, value in facts.items() if key != "machine")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.history", description=__doc__)
    add_options(parser, "keras", "releases")
    add = parser.add_argument
    add("--since", required=True, metavar="A", help="the first release: a version, or a date as 2026-01-31")
    add("--anchor", metavar="VERSION", help="that all are compared with (default: that of FILE, or the newest)")
    add("--minor", action="store_true", help="the last release of each minor version only")
    add("--file", type=Path, required=True, metavar="FILE", help="the rows: none is measured again")
    add("--again", action="store_true", help="measure all releases again")
    add_limits(parser, 60, "all times and accuracies")
    add("--markdown", type=Path, metavar="FILE", help="write the table")
    add("--picture", type=Path, metavar="FILE", help="write the figure, as SVG")
    return parser.parse_args()


if __name__ == "__main__":
    main()
