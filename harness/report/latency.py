"""The tables of a campaign: times, multiples of the roofline, start, memory, and the gain over the notebook ways."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from harness.judging.intervals import half_width
from harness.measuring import notebook
from harness.measuring.campaign import Campaign
from harness.measuring.machine import cores
from harness.measuring.workload import EPOCH
from harness.report.record import Result, of_kind
from harness.report.runs import MEBIBYTE, median, ratio, spread
from harness.report.tables import MISSING, plain_table
from harness.workers import excerpt, processors
from impls.contract import Settings

Runs = dict[str, list[float]]  # operation -> seconds in each process run
Seconds = dict[str, Runs]  # by variant

NOTEBOOK_NETWORK = Settings.network  # the network of the notebook ways


def tables(network: str, variants: Sequence[str], results: Sequence[Result], campaign: Campaign) -> Iterator[Table]:
    """Yield the tables of a network; `variants` are those that were to be measured, in order."""
    seconds = _seconds(network, results)
    rooflines = {each["operation"]: each["roofline"] for each in of_kind(results, "timing", network)}
    if seconds:
        yield _times(network, variants, seconds, campaign)
        yield _costs(network, variants, seconds, rooflines, results)
    if network == NOTEBOOK_NETWORK:
        gains = _seconds(notebook.NAME, results)
        if gains:
            yield _gains(gains, seconds)


def _seconds(network: str, results: Sequence[Result]) -> Seconds:
    found: Seconds = {}
    for each in of_kind(results, "timing", network):
        found.setdefault(each["variant"], {})[each["operation"]] = each["seconds"]
    return found


def _times(network: str, variants: Sequence[str], seconds: Seconds, campaign: Campaign) -> Table:
    operations = dict.fromkeys(operation for each in seconds.values() for operation in each)
    headings = (operation.replace("_step-", "\n").replace("-", "\n") for operation in operations)
    rows = [(name, *(_time(seconds.get(name, {}).get(each, [])) for each in operations)) for name in variants]
    title = f"Median milliseconds of {network}, ± the standard deviation between process runs"
    return plain_table(title, ("variant", *headings), rows, *_conditions(campaign))


def _time(seconds: Sequence[float]) -> str:
    middle, deviation = median(seconds), spread(seconds)
    shown = MISSING if middle is None else f"{1e3 * middle:.{0 if middle >= 0.1 else 2}f}"
    return shown + ("" if deviation is None else f"\n±{deviation:.1%}")


def _conditions(campaign: Campaign) -> Iterator[str]:
    """Yield the conditions of the times: the width of an interval, the load, and inherited variables."""
    if campaign.done < 2:
        start = f" ({campaign.at_once} started at once)" if campaign.at_once > 1 else ""
        yield f"One process run{start} cannot rank the variants: two runs of one program differ."
    else:
        wide, wider = (half_width(0.05, runs, spread=1.0) for runs in (campaign.done, campaign.done - 1))
        fewer = f"; with one run fewer ±{wider:.1f}" if campaign.done > 2 else ""
        yield f"The 95 % interval of a mean of {campaign.done} process runs is ±{wide:.1f} such deviations{fewer}."
    load = campaign.machine.get("load_average")
    able = cores(processors.count(), campaign.machine.get("cpu_quota"))
    yield f"Load average at the start: {'unknown' if load is None else f'{load:.1f}'}, with {able}."
    conditions = [run.conditions for runs in campaign.runs.values() for run in runs]
    for kept in sorted({each.get("kept_variables", "none") for each in conditions} - {"none"}):
        yield f"Kept by --keep-env: {excerpt.shortened(kept)}"


def _costs(
    network: str, variants: Sequence[str], seconds: Seconds, rooflines: Runs, results: Sequence[Result]
) -> Table:
    steps = [operation for operation in rooflines if operation.startswith("train_step")]
    processes = {each["variant"]: each for each in of_kind(results, "process", network)}
    stages = dict.fromkeys(stage for each in processes.values() for stage in each["memory"])
    held = [stage for stage in stages if stage != "first step"]
    least = [_shown(median(rooflines[operation]), "{:.2f} ms", 1e3) for operation in steps]
    rows = []
    for variant in variants:
        process = processes.get(variant, {"starting": {}, "memory": {}})
        times = seconds.get(variant, {})
        row = (
            variant,
            *(_shown(ratio(times.get(operation, []), rooflines[operation])) for operation in steps),
            *(_shown(median(process["starting"].get(part, []))) for part in ("import", "first step")),
            *(_shown(median(process["memory"].get(after, [])), "{:.0f}", 1 / MEBIBYTE) for after in held),
        )
        rows.append(row)
    multiples = (f"{each.replace('_step-', ' ')}\n/ {roofline}" for each, roofline in zip(steps, least, strict=True))
    headings = ("variant", *multiples, "import,\ns", "first\nstep, s", *(f"after\n{after}" for after in held))
    title = f"Training steps of {network} in multiples of the roofline; starting; most memory held, in MiB"
    return plain_table(title, headings, rows)


def _gains(notebooks: Seconds, ours: Seconds) -> Table:
    rows = []
    for variant, of_notebook in notebooks.items():
        both = of_notebook[str(EPOCH)], ours.get(variant, {}).get(str(EPOCH), [])
        rows.append((variant, *map(_shown, (*map(median, both), ratio(*both)))))
    title = f"An epoch of training {NOTEBOOK_NETWORK}: the notebook way and ours"
    return plain_table(title, ("variant", "notebook, s", "here, s", "times faster"), rows)


def _shown(value: float | None, form: str = "{:.2f}", factor: float = 1.0) -> str:
    return MISSING if value is None else form.format(factor * value)
