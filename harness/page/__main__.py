"""`python -m harness.page results.json [verdicts.json ...] -o report.html` draws the page of a run."""

import argparse
import sys
from pathlib import Path

from harness.data import atomic
from harness.page.page import html
from harness.page.results import UNREADABLE, Unreadable, read


def main() -> None:
    """Read the files of the command line and write the page. An error ends the program with one line."""
    parser = argparse.ArgumentParser(prog="python -m harness.page", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="results of --results, then verdicts of --regression-json")
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"), help="(default: report.html)")
    options = parser.parse_args()
    try:
        results = read(options.files)
        page = html(results)
        atomic.write(options.output, page)
    except (Unreadable, OSError, RecursionError) as error:
        sys.exit(f"error: {error}")
    for trouble in results.troubles:
        if trouble["outcome"] == UNREADABLE:
            print(f"{options.files[0]}: {trouble['test']} is left out: {trouble['why']}", file=sys.stderr)
    print(f"{options.output}: {len(page.encode()) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
