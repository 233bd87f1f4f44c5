"""The tables of every run: accuracy and time of each variant, and its distance to the reference."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from statistics import mean
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from harness.measuring.workload import OPERATIONS
from harness.report.record import Result, of_kind
from harness.report.runs import median

MISSING = "missing"
Values = Mapping[str, Any]  # of a variant: those of its training, and the seconds of each operation by its name


def _milliseconds(operation: str) -> Callable[[Values], str]:
    return lambda of: f"{1e3 * median(of[operation]):.2f}"


COLUMNS: dict[str, Callable[[Values], str]] = {  # heading -> text of a cell; "missing" if a value is
    "framework": lambda of: of["framework"].replace(", ", "\n"),
    "parameters": lambda of: f"{of['parameters']:,}",
    "test\naccuracy": lambda of: f"{mean(of['accuracies']):.2%}",
    "epoch,\ns": lambda of: f"{median(chain(*of['seconds'])):.2f}",
    **{each.heading: _milliseconds(str(each)) for each in OPERATIONS if each.heading},
}


def comparison_table(network: str, variants: Iterable[str], results: Sequence[Result], absent: Values) -> Table:
    """Return a table with a row for each variant of a network; `absent`: variant -> why it could not be measured."""
    title = f"One network in every framework: {network}; medians of epochs, and of steps by batch size"
    table = plain_table(title, "variant")
    for heading in COLUMNS:
        words = heading == "framework"
        table.add_column(heading, justify="left" if words else "right", no_wrap=not words)
    for variant in variants:
        of = {"framework": absent[variant]} if variant in absent else {}
        for each in results:
            if each.case == (variant, network):
                of |= each.values if each.kind == "training" else {}
                of |= {each.values["operation"]: each.values["seconds"]} if each.kind == "timing" else {}
        table.add_row(variant, *(_cell(show, of) for show in COLUMNS.values()))
    return table


def _cell(show: Callable[[Values], str], of: Values) -> str:
    try:
        return show(of)
    except KeyError:
        return MISSING


def errors_table(network: str, reference: str, variants: Sequence[str], results: Sequence[Result]) -> Table:
    """Return a table with a row for each comparison with the reference: its limit, and the error of each variant."""
    table = plain_table(f"Largest relative error of {network} beside the referee, {reference} in float64", "rung")
    table.add_column("dtype")
    table.add_column("limit")
    for variant in variants:
        table.add_column(variant.replace("-", "-\n"), justify="right")
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    gaps = {}
    for (variant, _), found in ((each.case, each.values) for each in of_kind(results, "error", network)):
        row = rows.setdefault((found["dtype"], found["name"], f"{found['limit']:.0e}"), {})
        row[variant] = f"{found['error']:.0e}" + (" *" if found["gap"] else "")
        if found["gap"]:
            gaps[variant] = found["gap"]
    for (dtype, name, limit), errors in sorted(rows.items(), key=lambda row: row[0][0]):
        table.add_row(name, dtype, limit, *(errors.get(variant, MISSING) for variant in variants))
    add_caption(table, *(f"* not reached by {variant}: {gap}" for variant, gap in gaps.items()))
    return table


def plain_table(title: str, first: str) -> Table:
    """Return a table with a title and the heading of its first column, whose cells are not wrapped."""
    table = Table(
        box=box.SIMPLE_HEAD, title=unwrapped(title), title_justify="left", padding=(0, 1, 0, 0), pad_edge=False
    )
    table.add_column(first, no_wrap=True)
    return table


def add_caption(table: Table, *lines: str) -> None:
    """Put lines under a table."""
    table.caption, table.caption_justify = unwrapped("\n".join(lines)), "left"


def unwrapped(text: str) -> Text:
    """Return text beside a table that stays in its lines, however narrow the table is."""
    return Text(text, no_wrap=True, overflow="ignore")
