"""The tables at the end of a run, filled from what the tests recorded, "missing" where they recorded nothing."""

from rich import box
from rich.table import Table
from rich.text import Text

COLUMNS = {  # recorded property -> heading, and how a value is shown
    "framework": ("framework", lambda label: label.replace(", ", "\n")),
    "parameters": ("parameters", "{:,}".format),
    "accuracy": ("test\naccuracy", "{:.2%}".format),
    "epoch_seconds": ("epoch,\ns", "{:.2f}".format),
    "train_step-128": ("train\n128,\nms", lambda seconds: f"{1e3 * seconds:.2f}"),
    "predict_step-1": ("pred.\n1,\nms", lambda seconds: f"{1e3 * seconds:.2f}"),
    "predict_step-128": ("pred.\n128,\nms", lambda seconds: f"{1e3 * seconds:.2f}"),
}


def comparison_table(
    network: str, variants: list[str], records: dict[str, dict], missing_packages: dict[str, str]
) -> Table:
    """The table of `variants` of a network, in their order.

    - `records`: variant -> recorded property -> value, properties as in `COLUMNS`, times in seconds.
    - `missing_packages`: variant -> why it could not be measured at all.
    """
    title = unwrapped(f"One network in every framework: {network}; medians of epochs, and of steps by batch size")
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("variant", no_wrap=True)
    for heading, _ in COLUMNS.values():
        words = heading == "framework"
        table.add_column(heading, justify="left" if words else "right", no_wrap=not words)
    for variant in variants:
        record = {"framework": missing_packages.get(variant, "missing"), **records.get(variant, {})}
        cells = (show(record[key]) if key in record else "missing" for key, (_, show) in COLUMNS.items())
        table.add_row(variant, *cells)
    return table


def ladder_table(network: str, referee: str, variants: list[str], rungs: list[tuple[str, dict]]) -> Table:
    """One row for each rung of the ladder: its limit, and the largest error of each variant.

    `rungs`: (variant, rung) as test_ladder.py records them, a rung being a dict of name, dtype, error, limit and gap.
    """
    title = unwrapped(f"Largest relative error of {network} beside the referee, {referee} in float64")
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for heading in ("rung", "dtype", "limit"):
        table.add_column(heading)
    for variant in variants:
        table.add_column(variant.replace("-", "-\n"), justify="right")
    cells, gaps = {}, {}
    for variant, rung in rungs:
        key = (rung["dtype"], rung["name"], f"{rung['limit']:.0e}")
        cells.setdefault(key, {})[variant] = f"{rung['error']:.0e}" + (" *" if rung["gap"] else "")
        if rung["gap"]:
            gaps[variant] = rung["gap"]
    for (dtype, name, limit), errors in sorted(cells.items(), key=lambda item: item[0][0]):
        table.add_row(name, dtype, limit, *(errors.get(variant, "missing") for variant in variants))
    table.caption = unwrapped("\n".join(f"* not reached by {variant}: {gap}" for variant, gap in gaps.items()))
    table.caption_justify = "left"
    return table


def unwrapped(text: str) -> Text:
    """Text beside a table that stays in its lines, however narrow the table is."""
    return Text(text, no_wrap=True, overflow="ignore")
