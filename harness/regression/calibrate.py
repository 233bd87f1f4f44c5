"""How often is a verdict wrong? `make calibrate` runs the real comparison where the answer is known.

One version on both sides must not be called better or worse; a candidate that burns 3, 5 or 10 % of each step must be
called worse. Each run is a line of `--keep`, so that nothing is lost when it is interrupted; `--report` sums up such
files. Beside the verdicts stands how often `--benchmark-compare-fail` would fail, with the same margin and samples.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

import impls
from harness.mnist import obtain
from harness.participants import starter
from harness.regression import spoiled
from harness.regression.comparison import SIDES, TIMED, Comparison
from harness.regression.verdict import LOOKS, Verdict, judge
from harness.wire import Mnist
from impls.contract import Settings

QUANTITIES = ("train_step-128", "predict_step-128")
MARGINS = (0.02, 0.03, 0.05)
CAPTION = (
    "launches, minutes: a run's, medians. medians alone: how often --benchmark-compare-fail=median:MARGIN would fail, "
    "by one launch a side / by all of the run / with the baseline of the run before"
)


def main() -> None:
    options = _options()
    if not options.report:
        with options.keep.open("a") as kept:
            for record in runs(options):
                kept.write(json.dumps(record) + "\n")
                kept.flush()
                print(_line(record), flush=True)
    files = options.report or [options.keep]
    records = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    Console(width=120, highlight=False).print(table(records))


def runs(options: argparse.Namespace) -> Iterator[dict]:
    """The record of each run. Slowdowns take turns, so that an interrupted study has some of each."""
    settings = Settings(threads=options.threads)
    mnist = Mnist.at(obtain(None))
    start = starter(settings, 600.0, (), lambda *_: None)
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(options.runs):
            for slowdown in options.slowdowns:
                sides = (("baseline", 0.0), ("candidate", slowdown))
                pythons = [_environment(Path(scratch), options.variant, *side) for side in sides]
                margin = options.margin / 100 if slowdown else min(MARGINS)
                comparison = Comparison(
                    options.variant, pythons, settings, mnist, start, QUANTITIES, margin, len(QUANTITIES)
                )
                began = time.monotonic()
                comparison.run(60 * options.max_minutes)
                described = {"variant": options.variant, "threads": options.threads or "all", "slowdown": slowdown}
                described |= {"margin": margin, "run": turn, "seconds": round(time.monotonic() - began, 1)}
                yield described | _measured(comparison)


def _environment(scratch: Path, variant: str, side: str, slowdown: float) -> str:
    """The interpreter of an environment of its own, in which a step takes some percent longer."""
    implementation = impls.variants()[variant].implementation
    return spoiled.slower(scratch / f"{side} {slowdown:g}", implementation, 1 + slowdown / 100)


def _measured(comparison: Comparison) -> dict:
    if comparison.campaign.failures:
        raise next(iter(comparison.campaign.failures.values()))
    return {
        "values": {quantity: comparison.values(quantity) for quantity in QUANTITIES},
        "medians": {quantity: _medians(comparison, quantity) for quantity in QUANTITIES},
    }


def _medians(comparison: Comparison, quantity: str) -> list[list[float]]:
    """Seconds: the median of all samples of each launch, of the baseline and of the candidate."""
    operation = TIMED[quantity]
    sides = (comparison.campaign.launches[side] for side in SIDES)
    return [
        [statistics.median(launch.samples[operation]) for launch in launches if operation in launch.samples]
        for launches in sides
    ]


def replayed(record: dict, quantity: str, margin: float) -> Verdict:
    """The verdict that the launches of a record lead to under another margin, looked for as in a comparison."""
    baseline, candidate = record["values"][quantity]
    for look in (*(look for look in LOOKS if look < len(baseline)), len(baseline)):
        verdict = judge(baseline[:look], candidate[:look], margin, len(QUANTITIES))
        if verdict.decided:
            break
    return verdict


def table(records: Iterable[dict]) -> Table:
    """What was said of the operations of all runs, and after how long.

    A/A runs go on until it is clear at the least margin, so that they tell of greater ones, too.
    """
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, caption=CAPTION, caption_justify="left")
    columns = ("variant", "slower by", "margin", "operations", "same", "worse", "better", "inconclusive")
    for column in (*columns, "launches", "minutes", "medians alone"):
        shown.add_column(column, no_wrap=True)
    groups: dict[tuple, list[dict]] = {}
    for record in records:
        key = (record["variant"], record["threads"], record["slowdown"], record["margin"])
        groups.setdefault(key, []).append(record)
    for (variant, threads, slowdown, stopped_at), group in sorted(groups.items(), key=str):
        for margin in MARGINS if not slowdown else [stopped_at]:
            verdicts = [replayed(record, quantity, margin) for record in group for quantity in QUANTITIES]
            words = Counter(verdict.word for verdict in verdicts)
            launches = statistics.median(verdict.launches for verdict in verdicts)
            minutes = statistics.median(_minutes(record, margin) for record in group)
            cells = [words[word] for word in ("same", "worse", "better", "inconclusive")]
            fails = " / ".join(_compare_fail(group, 1 + margin))
            numbers = (str(len(verdicts)), *map(str, cells), f"{launches:g}", f"{minutes:.1f}")
            shown.add_row(f"{variant}, {threads}", f"{slowdown:g} %", f"{margin:.0%}", *numbers, fails)
    return shown


def _minutes(record: dict, margin: float) -> float:
    """Until the last operation was decided: each launch takes its part of the time."""
    needed = max(replayed(record, quantity, margin).launches for quantity in QUANTITIES)
    return record["seconds"] / 60 * needed / max(len(record["values"][quantity][0]) for quantity in QUANTITIES)


def _compare_fail(records: Sequence[dict], limit: float) -> tuple[str, str, str]:
    """How often medians alone are beyond the limit: of one launch on each side, of all in a run, of all in two runs.

    The last is how it is used: the baseline was saved earlier, here in the run before.
    """
    single, whole, saved = [], [], []
    for quantity in QUANTITIES:
        runs = [record["medians"][quantity] for record in records]
        single += [after / before for run in runs for before, after in zip(*run, strict=True)]
        whole += [statistics.median(after) / statistics.median(before) for before, after in runs]
        saved += [
            statistics.median(after) / statistics.median(before) for (before, _), (_, after) in itertools.pairwise(runs)
        ]
    return tuple(_share(ratio > limit for ratio in ratios) for ratios in (single, whole, saved))


def _share(found: Iterable[bool]) -> str:
    found = list(found)
    return f"{statistics.mean(found):.0%}" if found else "-"


def _line(record: dict) -> str:
    words = (f"{quantity} {replayed(record, quantity, record['margin'])}" for quantity in QUANTITIES)
    done = f"{record['variant']} slowed by {record['slowdown']:g} %, run {record['run'] + 1}"
    return f"{done}, margin {record['margin']:.0%}: {'; '.join(words)}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", default="numpy", help="that is compared with itself (default: numpy)")
    parser.add_argument("--runs", type=int, default=20, help="of each of the slowdowns (default: 20)")
    turn = [0.0, 0.0, 0.0, 3.0, 5.0, 10.0]
    parser.add_argument(
        "--slowdowns",
        type=float,
        nargs="+",
        default=turn,
        help="percent, one run each; 0 is A/A (default: %(default)s)",
    )
    parser.add_argument("--margin", type=float, default=3.0, help="percent, where something is slowed (default: 3)")
    parser.add_argument("--max-minutes", type=float, default=3.0, help="of a run (default: 3)")
    parser.add_argument("--threads", type=int, help="CPU threads (default: all)")
    parser.add_argument("--keep", type=Path, default=Path("calibration.jsonl"), help="(default: calibration.jsonl)")
    parser.add_argument("--report", type=Path, nargs="+", help="only sum up these files")
    return parser.parse_args()


if __name__ == "__main__":
    main()
