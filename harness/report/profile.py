"""The tables of profiles: where the time of a call goes, in milliseconds and in percent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from harness.report.tables import add_caption, plain_table

ACCOUNTED = 0.1  # of the time without the profiler: by how much the profiler may change it
CAPTION = (
    "under the profiler: the sum of a row, over what the call takes alone; * the profiler changes it by more than\n"
    f"{ACCOUNTED:.0%}, and the row does not account for it. Overhead: while no kernel runs on any thread."
)


def profile_tables(network: str, profiles: Sequence[Mapping[str, Any]]) -> Iterator[Table]:
    """One for each operation. `profiles`: as test_profile.py records them, with their variant; times in seconds."""
    operations = dict.fromkeys(each["operation"] for each in profiles)
    for operation in operations:
        yield _table(f"{network}, {operation}", [each for each in profiles if each["operation"] == operation])


def _table(what: str, profiles: Sequence[Mapping[str, Any]]) -> Table:
    table = plain_table(f"Where the time goes: {what}, ms of a call, and percent", "variant")
    for heading in (
        "floor",
        "alone",
        "under the\nprofiler",
        *(name.replace(" ", "\n", 1) for name in profiles[0]["parts"]),
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for found in profiles:
        ratio = found["seconds"] / found["alone"]
        shares = (f"{1e3 * part:.2f}\n{part / found['seconds']:.0%}" for part in found["parts"].values())
        star = "" if accounted(found) else " *"
        least = f"{1e3 * found['floor']:.2f}" if found["floor"] else ""
        table.add_row(found["variant"], least, f"{1e3 * found['alone']:.2f}", f"{ratio:.0%}{star}", *shares)
    add_caption(table, CAPTION)
    return table


def accounted(found: Mapping[str, Any]) -> bool:
    """Whether the parts add up to what the call takes without a profiler, within `ACCOUNTED`."""
    return abs(found["seconds"] / found["alone"] - 1) <= ACCOUNTED
