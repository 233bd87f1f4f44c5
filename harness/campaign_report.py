"""The tables at the end of a campaign: times, multiples of the floor, starting, memory."""

from rich import box
from rich.table import Table

from harness import figures, floor, notebook
from harness.campaign import Campaign, Launch
from harness.participants import EPOCH
from harness.workload import OPERATIONS, Operation

Rows = list[tuple[str, list[Launch]]]  # name of a participant, what it was measured to take

MISSING = "missing"
MEMORY = ("import", "building", "training")


def tables(campaign: Campaign) -> list[Table]:
    """Two tables with a row for each participant, and one of what is gained over the notebook ways, if measured."""
    notebooks = [name for name in campaign.launches if name.endswith(notebook.SUFFIX)]
    rows = [(name, each) for name, each in campaign.launches.items() if name not in (floor.NAME, *notebooks)]
    asked = {operation for participant in campaign.participants for operation in participant.operations}
    operations = [operation for operation in OPERATIONS if operation in asked]
    found = [times(rows, operations), costs(rows, operations, campaign.launches.get(floor.NAME, []))]
    return found + ([gains(campaign, notebooks)] if notebooks else [])


def times(rows: Rows, operations: list[Operation]) -> Table:
    table = _table("Median milliseconds, ± the standard deviation between launches")
    for operation in operations:
        table.add_column(str(operation).replace("_step-", "\n").replace("-", "\n"), justify="right")
    for name, launches in rows:
        cells = []
        for operation in operations:
            seconds, spread = figures.seconds(launches, operation), figures.spread(launches, operation)
            shown = MISSING if seconds is None else f"{1e3 * seconds:.{0 if seconds >= 0.1 else 2}f}"
            cells.append(shown + (f"\n±{spread:.1%}" if spread is not None else ""))
        table.add_row(name, *cells)
    return table


def costs(rows: Rows, operations: list[Operation], floor_launches: list[Launch]) -> Table:
    steps = [operation for operation in operations if operation.method == "train_step"]
    limits = {operation: figures.floor_seconds(floor_launches, operation) for operation in steps}
    table = _table("Training steps in multiples of the floor; starting; most memory held, in MiB")
    for operation, limit in limits.items():
        shown = f"{1e3 * limit:.2f} ms" if limit else MISSING
        table.add_column(f"train {operation.batch_size}\n/ {shown}", justify="right")
    memory = MEMORY if EPOCH in operations else MEMORY[:2]
    for heading in ("import,\ns", "first\nstep, s", *(f"after\n{after}" for after in memory)):
        table.add_column(heading, justify="right")
    for name, launches in rows:
        multiples = [_ratio(figures.seconds(launches, operation), limit) for operation, limit in limits.items()]
        starting = [
            _median([launch.import_seconds for launch in launches], "{:.2f}"),
            _median([launch.first_step_seconds for launch in launches], "{:.2f}"),
        ]
        held = [_median([_mebibytes(launch, after) for launch in launches], "{:.0f}") for after in memory]
        table.add_row(name, *multiples, *starting, *held)
    return table


def gains(campaign: Campaign, notebooks: list[str]) -> Table:
    table = _table("An epoch of training: the notebook way beside ours")
    for heading in ("notebook, s", "here, s", "times faster"):
        table.add_column(heading, justify="right")
    for name in notebooks:
        variant = name.removesuffix(notebook.SUFFIX)
        there = figures.seconds(campaign.launches[name], EPOCH)
        here = figures.seconds(campaign.launches.get(variant, []), EPOCH)
        shown = (f"{seconds:.2f}" if seconds else MISSING for seconds in (there, here))
        table.add_row(variant, *shown, _ratio(there, here))
    return table


def _table(title: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("variant", no_wrap=True)
    return table


def _ratio(seconds: float | None, unit: float | None) -> str:
    return f"{seconds / unit:.2f}" if seconds and unit else MISSING


def _median(values: list[float | None], shown: str) -> str:
    known = sorted(value for value in values if value is not None)
    return shown.format(known[len(known) // 2]) if known else MISSING


def _mebibytes(launch: Launch, after: str) -> float | None:
    return launch.memory[after] / 2**20 if after in launch.memory else None
