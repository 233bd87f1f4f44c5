"""The tables at the end of a campaign: times, multiples of the floor, starting, memory."""

import os
import statistics

from rich import box
from rich.table import Table

from harness.judging.intervals import half_width
from harness.measuring import figures, floor, notebook
from harness.measuring.campaign import Campaign, Launch, Participant
from harness.measuring.workload import EPOCH, Operation
from harness.report.tables import unwrapped
from harness.workers import excerpt
from impls.contract import Settings

Rows = list[tuple[str, list[Launch]]]  # a variant, and what it was measured to take

MISSING = "missing"
OURS = Settings.network  # which the notebook ways build
MEMORY = ("import", "building", "training")


def tables(campaign: Campaign) -> list[Table]:
    """Two tables of each network, with a row for each variant; and one of what is gained over the notebook ways."""
    complete = {name: [] if name in campaign.failures else each for name, each in campaign.launches.items()}
    of_networks: dict[str, list[Participant]] = {}
    for participant in campaign.participants:
        of_networks.setdefault(participant.network, []).append(participant)
    notebooks = of_networks.pop(notebook.NAME, [])
    found = []
    for network, taking_part in of_networks.items():
        rows = [(each.variant, complete[each.name]) for each in taking_part if each.variant != floor.NAME]
        floors = next((complete[each.name] for each in taking_part if each.variant == floor.NAME), [])
        operations = list(dict.fromkeys(operation for each in taking_part for operation in each.operations))
        operations = [operation for operation in operations if operation not in floor.OPERATIONS]
        found += [times(network, rows, operations, campaign), costs(network, rows, operations, floors)]
    if notebooks:
        ours = {each.variant: complete[each.name] for each in of_networks.get(OURS, [])}
        found.append(gains([(each.variant, complete[each.name], ours.get(each.variant, [])) for each in notebooks]))
    return found


def times(network: str, rows: Rows, operations: list[Operation], campaign: Campaign) -> Table:
    table = _table(f"Median milliseconds of {network}, ± the standard deviation between launches")
    table.caption = unwrapped("\n".join(_conditions(campaign) + _kept(campaign)))
    table.caption_justify = "left"
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


def _conditions(campaign: Campaign) -> list[str]:
    """How far these times can be trusted: what a launch more or less buys, and how busy the machine was."""
    load = campaign.machine.get("load_average")
    busy = f"Load average at the start: {'unknown' if load is None else f'{load:.1f}'}, with {os.cpu_count()} cores."
    if campaign.done < 2:
        start = f" ({campaign.at_once} started at once)" if campaign.at_once > 1 else ""
        return [f"One launch{start} shows that it runs, not who is faster: two of one program differ.", busy]
    wide, wider = (half_width(0.05, launches, spread=1.0) for launches in (campaign.done, campaign.done - 1))
    fewer = f"; with a launch less ±{wider:.1f}" if campaign.done > 2 else ""
    return [f"The 95 % interval of a mean of {campaign.done} launches is ±{wide:.1f} such deviations{fewer}.", busy]


def _kept(campaign: Campaign) -> list[str]:
    conditions = [launch.conditions for launches in campaign.launches.values() for launch in launches]
    kept = {each.get("kept_variables", "none") for each in conditions} - {"none"}
    return [f"Kept by --keep-env: {excerpt.shortened(each)}" for each in sorted(kept)]


def costs(network: str, rows: Rows, operations: list[Operation], floors: list[Launch]) -> Table:
    steps = [operation for operation in operations if operation.method == "train_step"]
    table = _table(f"Training steps of {network} in multiples of the floor; starting; most memory held, in MiB")
    for operation in steps:
        least = _median([1e3 * seconds for seconds in figures.floor_seconds(floors, operation, network)], "{:.2f} ms")
        table.add_column(f"train {operation.batch_size}\n/ {least}", justify="right")
    memory = MEMORY if EPOCH in operations else MEMORY[:2]
    for heading in ("import,\ns", "first\nstep, s", *(f"after\n{after}" for after in memory)):
        table.add_column(heading, justify="right")
    for name, launches in rows:
        multiples = [_shown(figures.times_the_floor(launches, floors, operation, network)) for operation in steps]
        starting = [
            _median([launch.import_seconds for launch in launches], "{:.2f}"),
            _median([launch.first_step_seconds for launch in launches], "{:.2f}"),
        ]
        held = [_median([_mebibytes(launch, after) for launch in launches], "{:.0f}") for after in memory]
        table.add_row(name, *multiples, *starting, *held)
    return table


def gains(ways: list[tuple[str, list[Launch], list[Launch]]]) -> Table:
    """`ways`: of a variant, launches of the notebook way, and of ours with the network of the notebooks."""
    table = _table(f"An epoch of training {OURS}: the notebook way beside ours")
    for heading in ("notebook, s", "here, s", "times faster"):
        table.add_column(heading, justify="right")
    for variant, *both in ways:
        seconds = (figures.seconds(launches, EPOCH) for launches in both)
        table.add_row(variant, *map(_shown, (*seconds, figures.ratio(*both, EPOCH))))
    return table


def _table(title: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, title=unwrapped(title), title_justify="left", padding=(0, 1, 0, 0), pad_edge=False
    )
    table.add_column("variant", no_wrap=True)
    return table


def _shown(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}"


def _median(values: list[float | None], shown: str) -> str:
    known = [value for value in values if value is not None]
    return shown.format(statistics.median(known)) if known else MISSING


def _mebibytes(launch: Launch, after: str) -> float | None:
    return launch.memory[after] / 2**20 if after in launch.memory else None
