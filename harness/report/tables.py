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
    rows = []
    for variant in variants:
        of = {"framework": absent[variant]} if variant in absent else {}
        for each in results:
            if (each["variant"], each["network"]) == (variant, network):
                of |= each if each["kind"] == "training" else {}
                of |= {each["operation"]: each["seconds"]} if each["kind"] == "timing" else {}
        rows.append((variant, *(_cell(show, of) for show in COLUMNS.values())))
    title = f"One network in every framework: {network}; medians of epochs, and of steps by batch size"
    return plain_table(title, ("variant", *COLUMNS), rows, left=2)


def _cell(show: Callable[[Values], str], of: Values) -> str:
    try:
        return show(of)
    except KeyError:
        return MISSING


def errors_table(network: str, reference: str, variants: Sequence[str], results: Sequence[Result]) -> Table:
    """Return a table with a row for each comparison with the reference: its limit, and the error of each variant."""
    errors = of_kind(results, "error", network)
    deviations = {each["variant"]: each["known_deviation"] for each in errors if each["known_deviation"]}
    rows = [
        (name, dtype, f"{limit:.0e}", *(_error(of.get(variant)) for variant in variants))
        for name, dtype, limit, of in levels(errors)
    ]
    title = f"Largest relative error of {network} compared with the reference, {reference} in float64"
    headings = ("level", "dtype", "limit", *(variant.replace("-", "-\n") for variant in variants))
    caption = (f"* not reached by {variant}: {known_deviation}" for variant, known_deviation in deviations.items())
    return plain_table(title, headings, rows, *caption, left=3)


def levels(errors: Iterable[Result]) -> list[tuple[str, str, float, dict[str, Result]]]:
    """Return a row for each comparison, by dtype: its name, dtype and limit, and the result of each variant."""
    rows: dict[tuple[str, str, float], dict[str, Result]] = {}
    for each in errors:
        rows.setdefault((each["name"], each["dtype"], each["limit"]), {})[each["variant"]] = each
    return [(*key, of) for key, of in sorted(rows.items(), key=lambda row: row[0][1])]


def _error(found: Result | None) -> str:
    return f"{found['error']:.0e}{' *' if found['known_deviation'] else ''}" if found else MISSING


def plain_table(
    title: str, headings: Iterable[str], rows: Iterable[Iterable[str]], *caption: str, left: int = 1
) -> Table:
    """Return a table with a title above it and the lines of a caption below it.

    The first `left` columns are aligned left, the others right. Cells of the first column are not wrapped, nor are
    title and caption, however narrow the terminal is.
    """
    above, below = (Text(text, no_wrap=True, overflow="ignore") for text in (title, "\n".join(caption)))
    table = Table(box=box.SIMPLE_HEAD, title=above, title_justify="left", padding=(0, 1, 0, 0), pad_edge=False)
    table.caption, table.caption_justify = below if caption else None, "left"
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place < left else "right", no_wrap=not place)
    for row in rows:
        table.add_row(*row)
    return table
