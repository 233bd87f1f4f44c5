"""README's figures: `python -m harness.page.pictures results.json docs` writes trajectory.svg and steps.svg."""

import argparse
import sys
from pathlib import Path

from harness.data import atomic
from harness.page.axis import from_zero
from harness.page.equality import trajectory
from harness.page.page import render
from harness.page.results import Results, Unreadable, read
from harness.page.top import TRAIN
from harness.report.runs import finite, median, ratio


def pictures(results: Results) -> dict[str, str]:
    """Return the SVG of each file name, drawn of the first network. Raises `Unreadable` if the run lacks one.

    steps.svg has the training step of each variant, the fastest first, with one dot for each process run.
    """
    network = next(iter(results.networks), "")
    rows, roofline = [], 0.0
    for each in results.of("timing", network):
        milliseconds = [1e3 * value for value in finite(each["seconds"])]
        if each["operation"] == TRAIN and milliseconds:
            multiple, colour = ratio(each["seconds"], each["roofline"]), results.colour(each["variant"])
            rows.append((median(milliseconds), each["variant"], milliseconds, multiple, colour))
            roofline = 1e3 * (median(each["roofline"]) or 0)
    if not (rows and results.followed(network)):
        raise Unreadable("expected results of both pytest -m equivalence and pytest --benchmark-only (make compare)")
    axis = from_zero([roofline, *(value for row in rows for value in row[2])], 140, 560)
    steps = render("steps.svg", network=network, rows=sorted(rows), roofline=roofline, axis=axis)
    return {"trajectory.svg": render("trajectory.svg", chart=trajectory(results, network)), "steps.svg": steps}


def main() -> None:
    """Read the file of the command line and write both figures. An error ends the program with one line."""
    parser = argparse.ArgumentParser(prog="python -m harness.page.pictures", description=__doc__)
    parser.add_argument("results", type=Path, help="the file that pytest --results wrote")
    parser.add_argument("folder", type=Path, help="folder of trajectory.svg and steps.svg")
    options = parser.parse_args()
    try:
        for name, picture in pictures(read([options.results])).items():
            atomic.write(options.folder / name, picture)
    except (Unreadable, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
