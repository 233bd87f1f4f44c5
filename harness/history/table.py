"""A history as a Markdown table: a row a release, then the anchor compared with itself, then notes."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from harness.history.rows import COMPARED, MEASURED, Row, changes, numerics, shown
from harness.judging.verdict import DECIDED, Verdict
from harness.measuring.machine import cores


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table of all rows of a file. `rows` is not empty."""
    releases, anchors = shown(rows)
    marked = changes(releases)
    lines = [["release", "numerics", *COMPARED], ["---"] * (2 + len(COMPARED))]
    for place, row in enumerate(releases):
        lines.append([row["version"], *_cells(row, " *" if place in marked else "")])
    lines += [[f"{row['version']} again", *_cells(row)] for row in anchors]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines]
    package, variant, network, anchor = (rows[0][key] for key in ("package", "framework", "network", "anchor"))
    title = f"# {package} in {variant} ({network}): releases compared with {anchor}"
    return "\n".join([title, "", *table, "", *_notes(rows, releases, anchors)]) + "\n"


def _cells(row: Row, mark: str = "") -> list[str]:
    if row["state"] != MEASURED:
        return [row["state"], *("" for _ in COMPARED)]
    return [numerics(row)[0] + mark, *(cell(row["found"][quantity]) for quantity in COMPARED)]


def cell(verdict: Row) -> str:
    """Return a verdict as text. JSON has no infinity: an end of an interval that is None is infinite."""
    ends = {"low": -math.inf, "high": math.inf}
    return str(Verdict(**verdict | {key: end for key, end in ends.items() if verdict[key] is None}))


def _notes(rows: Sequence[Row], releases: Sequence[Row], anchors: Sequence[Row]) -> list[str]:
    """Return lines about errors, machines and reasons."""
    words = Counter(row["found"][quantity]["word"] for row in anchors for quantity in COMPARED)
    counted = ", ".join(f"{count} {word}" for word, count in words.most_common()) or "not measured"
    measurements = {row["measurement"]: (row["alpha"], row["comparisons"]) for row in rows}.values()
    machines = list(dict.fromkeys(_machine(row["machine"]) for row in rows))
    return [
        f"- Changes with 95 % intervals; margin {rows[0]['margin']:.1%}; `*`: other findings than before.",
        f"- The anchor compared with itself: {counted}.",
        f"- All verdicts together are wrong with a chance of at most {sum(alpha for alpha, _ in measurements):.1%}: "
        f"{sum(count for _, count in measurements)} comparisons in {len(measurements)} measurement(s). "
        "Changes from day to day are not counted.",
        *_repeated(rows),
        f"- {len(machines)} machine(s): {'; '.join(machines)}.",
        *(f"- {row['version']} {row['state']}: {row['reason']}" for row in releases if row["state"] != MEASURED),
        *(f"- {row['version']} {' '.join(numerics(row))}: {_reason(row)}" for row in releases if _reason(row)),
    ]


def _repeated(rows: Sequence[Row]) -> Iterator[str]:
    """Yield lines about releases that were measured again: in which verdicts two measurements disagree."""
    before: dict[str, Row] = {}
    verdicts, disagreements = 0, []
    for row in rows:
        if row["state"] != MEASURED or row["version"] == row["anchor"]:
            continue
        for quantity, earlier in before.get(row["version"], {}).items():
            verdict = row["found"][quantity]
            if {earlier["word"], verdict["word"]} <= set(DECIDED):
                verdicts += 1
                if earlier["word"] != verdict["word"]:
                    disagreements.append(f"- {row['version']} {quantity}: {cell(earlier)}, then {cell(verdict)}")
        before[row["version"]] = {quantity: row["found"][quantity] for quantity in COMPARED}
    if verdicts:
        yield f"- Decided in two measurements: {verdicts} verdicts, {len(disagreements)} of them differently."
    yield from disagreements


def _machine(machine: Row) -> str:
    processors = cores(machine["cores"], machine["cpu_quota"])
    return f"{machine['cpu']}, {processors}, {machine['memory_gib']} GiB, Python {machine['python']}"


def _reason(row: Row) -> str:
    """Return the reason of the first check with the worst word."""
    word, checks = numerics(row)
    return row["found"][checks.split(", ")[0]]["reason"] if checks and word != "identical" else ""
