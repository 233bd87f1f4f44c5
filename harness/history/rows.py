"""The rows of a history: a file of JSON lines, which docs/how-to/history.md documents."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

from harness.data import lines
from harness.regression.numerics import NUMERICAL
from harness.regression.pair_run import RATIOS
from harness.regression.versions import ACCURACY

FORMAT = 1
KEYS = (  # that are read
    *("package", "version", "anchor", "framework", "network", "companions", "machine", "measurement"),
    *("state", "reason", "margin", "alpha", "comparisons", "found"),
)
COMPARED = (*RATIOS, ACCURACY)  # in the order of tables and figures
MEASURED, NOT_INSTALLED, UNMEASURABLE = "measured", "cannot be installed", "cannot be measured"  # states
WORST_FIRST = ("missing", "changed", "redrawn", "within rounding", "identical")

Row = dict[str, Any]


def read(file: Path) -> list[Row]:
    """Return the rows of a file; none if there is no file. Raises `ValueError` for others, and `OSError`."""
    rows = lines.read(file)
    for number, row in enumerate(rows, 1):
        if row.get("format") != FORMAT:
            raise ValueError(f"{file}: line {number}: expected a row of format {FORMAT}, found {row.get('format')!r}")
        if absent := [key for key in KEYS if key not in row]:
            raise ValueError(f"{file}: line {number}: expected the key {absent[0]!r}; remove that line")
    return rows


def shown(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Return the last row of each release, in the order of versions, and all rows of the anchor itself."""
    releases, anchors = {}, []
    for row in rows:
        if row["version"] == row["anchor"]:
            anchors.append(row)
        else:
            releases[row["version"]] = row
    return sorted(releases.values(), key=lambda row: Version(row["version"])), anchors


def numerics(row: Row) -> tuple[str, str]:
    """Return the worst word of the numerical checks, and the checks that have it; "missing" without any."""
    words = {check: row["found"][check]["word"] for check in NUMERICAL if check in row["found"]}
    word = min(words.values(), key=WORST_FIRST.index, default="missing")
    return word, ", ".join(check for check, each in words.items() if each == word)


def changes(rows: Sequence[Row]) -> list[int]:
    """Return the positions of measured rows whose numerical findings differ from those of the measured row before."""
    measured = [place for place, row in enumerate(rows) if row["state"] == MEASURED]
    found = [{check: rows[place]["found"].get(check) for check in NUMERICAL} for place in measured]
    return [measured[after] for after in range(1, len(measured)) if found[after] != found[after - 1]]
