"""The comparison table: one row for each variant, filled from what the tests recorded, "missing" where they did not."""

from rich import box
from rich.table import Table

COLUMNS = {  # recorded property -> heading, unit already applied by the format
    "framework": ("framework", str),
    "parameters": ("parameters", "{:,}".format),
    "accuracy": ("test\naccuracy", "{:.2%}".format),
    "epoch_seconds": ("s / epoch\n(median)", "{:.2f}".format),
    "train_step_128": ("train step\nbatch 128", lambda seconds: f"{1e3 * seconds:.2f} ms"),
    "predict_step_1": ("predict\nbatch 1", lambda seconds: f"{1e3 * seconds:.3f} ms"),
    "predict_step_128": ("predict\nbatch 128", lambda seconds: f"{1e3 * seconds:.3f} ms"),
}


def comparison_table(variants: list[str], records: dict[str, dict], missing_packages: dict[str, str]) -> Table:
    """The table of `variants`, in their order.

    - `records`: variant -> recorded property -> value, properties as in `COLUMNS`, times in seconds.
    - `missing_packages`: variant -> why it could not be measured at all.
    """
    table = Table(box=box.SIMPLE_HEAD, title="The same network in every framework", title_justify="left")
    table.add_column("variant")
    for heading, _ in COLUMNS.values():
        table.add_column(heading, justify="right")
    for variant in variants:
        record = {"framework": missing_packages.get(variant, "missing"), **records.get(variant, {})}
        cells = (show(record[key]) if key in record else "missing" for key, (_, show) in COLUMNS.items())
        table.add_row(variant, *cells)
    return table
