"""The table of files for devices: how large, how true to what was trained, how fast."""

from rich.table import Table

from harness.report.tables import MISSING, add_caption, plain_table

COLUMNS = {  # figure -> heading, and how it is shown
    "bytes": ("bytes", "{:,}".format),
    "accuracy": ("right", "{:.2%}".format),
    "differ": ("logits\noff", lambda count: "" if count is None else f"{count:,}"),
    "largest": ("by up\nto", "{:.2g}".format),
    "labels": ("images\nrenamed", "{:,}".format),
    "seconds": ("µs", lambda seconds: f"{1e6 * seconds:.0f}"),
    "spread": ("±", lambda spread: "" if spread is None else f"{spread:.0%}"),
    "memory": ("MiB", lambda held: f"{held / 2**20:.0f}"),
}


def fidelity_table(network: str, files: dict[tuple[str, str, str], dict], test_images: int) -> Table:
    """A row for each file of a network: (variant, runtime, kind) -> figures as in `COLUMNS`, "missing" where there is
    none."""
    title = f"Files of {network} on a device: all logits of {test_images:,} test images beside what was trained"
    table = plain_table(title, "kind")
    for heading in ("runtime", "variant"):
        table.add_column(heading, no_wrap=True)
    for heading, _ in COLUMNS.values():
        table.add_column(heading, justify="right")
    for (variant, runtime, kind), figures in sorted(files.items(), key=lambda item: item[0][::-1]):
        figures = {**figures, "differ": None} if kind == "float" else figures  # nearly all do, by their rounding
        cells = (show(figures[key]) if key in figures else MISSING for key, (_, show) in COLUMNS.items())
        table.add_row(kind, runtime, variant, *cells)
    add_caption(
        table,
        "int8: in steps, beside the same network computed in integers. float: beside the framework itself.",
        "official: a framework's own way to int8, beside what it evaluated last (TensorFlow: the float network).",
        "µs: of a prediction of one image, on one thread, in turns over launches. MiB: of a process with the file.",
    )
    return table
