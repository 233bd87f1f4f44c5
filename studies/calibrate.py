"""Error rates of verdicts: `make calibrate` runs the real comparison with a known answer.

A version compared with itself must not be better or worse. A candidate that uses some percent more CPU time must be
worse. Alpha is that of a comparison of all variants. Each run is a line of `--keep`, so an interrupted study loses none
and a later study appends. `--report` sums up such files.

Several candidates are measured in the same process runs, as in a history: `--cases 10:5 10,10,10,0:5`.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

import impls
from harness.data import lines
from harness.judging.sequential import Sampling
from harness.numbers import minutes, whole_number
from harness.regression.comparison import Comparison, most_pairs
from harness.regression.pair_run import QUANTITIES
from harness.report.tables import plain_table
from harness.workers import processors
from studies import injected_slowdown
from studies.pairs import pairs_of_mlp

COLUMNS = (
    *("variant", "candidates", "slower by", "margin", "verdicts", "same", "worse", "better", "open"),
    *("pairs", "minutes"),
)
CAPTION = "slower by 0: a version against itself; open: inconclusive or missing; pairs of a verdict, minutes: medians."


def main() -> None:
    """Compare with known answers, keep each run, and print the table of verdicts."""
    options = _options()
    if not options.report:
        for record in runs(options):
            lines.append(options.keep, record)
            print(_line(record), flush=True)
    files = options.report or [options.keep]
    records = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    Console(width=130, highlight=False).print(table(records))


def runs(options: argparse.Namespace) -> Iterator[dict]:
    """Yield the record of each candidate of each run.

    Variants and cases are interleaved, so an interrupted study has some of each.
    """
    pairs = pairs_of_mlp(options.threads)
    sampling = Sampling(at_once=most_pairs(processors.count(), options.threads), seconds=60 * options.max_minutes)
    with tempfile.TemporaryDirectory() as scratch:
        turns = itertools.product(range(options.runs), options.cases, options.variants)
        for turn, (slowdowns, margin), variant in turns:
            pythons = [_environment(Path(scratch), variant, side) for side in (0.0, *slowdowns)]
            verdicts = len(QUANTITIES) * len(impls.variants()) * len(slowdowns)
            limits = replace(sampling, margin=margin / 100, comparisons=verdicts)
            comparison = Comparison(pairs, variant, pythons, judged(max(slowdowns)), limits)
            began = time.monotonic()
            comparison.run()
            described = {"variant": variant, "candidates": len(slowdowns), "margin": margin, "run": turn}
            described |= {"seconds": round(time.monotonic() - began, 1)}
            for side, slowdown in enumerate(slowdowns, 1):
                yield described | {"slowdown": slowdown} | _found(comparison, side)


def _environment(scratch: Path, variant: str, slowdown: float) -> str:
    """Return the interpreter of a new environment, in which everything takes some percent longer."""
    implementation = impls.variants()[variant].implementation
    return injected_slowdown.slower(scratch / f"{implementation} {slowdown:g}", implementation, 1 + slowdown / 100)


def _found(comparison: Comparison, side: int) -> dict:
    return {
        "verdicts": {
            quantity: {"word": found.word, "pairs": found.pairs, "said": f"{found}: {found.reason}".rstrip(": ")}
            for (of, quantity), found in comparison.verdicts.items()
            if of == side
        },
        "values": {quantity: comparison.values(quantity, side) for quantity in QUANTITIES},
    }


def table(records: Iterable[dict]) -> Table:
    """Return a row for each variant and case, with verdicts and median duration. A case ends with all variants."""
    rows = []
    groups: dict[tuple, list[dict]] = {}
    for record in records:
        case = (record.get("candidates", 1), record["slowdown"], record["margin"])
        groups.setdefault((*case, 0, record["variant"]), []).append(record)
        groups.setdefault((*case, 1, "all"), []).append(record)
    for (candidates, slowdown, margin, _, variant), group in sorted(groups.items()):
        verdicts = [each for record in group for name, each in record["verdicts"].items() if name in judged(slowdown)]
        words = Counter(verdict["word"] for verdict in verdicts)
        known = [words[word] for word in ("same", "worse", "better")]
        pairs = statistics.median(verdict["pairs"] for verdict in verdicts)
        minutes = statistics.median(record["seconds"] for record in group) / 60
        numbers = (str(len(verdicts)), *map(str, known), str(len(verdicts) - sum(known)), f"{pairs:g}")
        rows.append((variant, str(candidates), f"{slowdown:g} %", f"{margin:g} %", *numbers, f"{minutes:.1f}"))
    return plain_table("Verdicts with a known answer", COLUMNS, rows, CAPTION)


def judged(slowdown: float) -> Sequence[str]:
    """Return the quantities with a known answer."""
    return injected_slowdown.SLOWED if slowdown else QUANTITIES


def _line(record: dict) -> str:
    said = (f"{quantity} {found['said']}" for quantity, found in record["verdicts"].items())
    case = f"{record['variant']} slowed by {record['slowdown']:g} %, margin {record['margin']:g} %"
    return f"{case}, run {record['run'] + 1}, {record['seconds']:.0f} s: {'; '.join(said)}"


def _case(text: str) -> tuple[list[float], float]:
    """Return slowdowns and margin, in percent: "10,0:5" -> ([10.0, 0.0], 5.0)."""
    slowdowns, margin = text.split(":")
    return [float(each) for each in slowdowns.split(",")], float(margin)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    every = [name for name in impls.variants() if not impls.missing(name)]
    parser.add_argument("--variants", nargs="+", choices=every, default=every, help="(default: all that are installed)")
    parser.add_argument("--runs", type=whole_number(1), default=10, help="of each variant in each case (default: 10)")
    parser.add_argument(
        "--cases",
        type=_case,
        nargs="+",
        default=[([0.0], 5.0), ([10.0], 5.0), ([5.0], 3.0)],
        metavar="SLOWDOWN[,SLOWDOWN...]:MARGIN",
        help="percent; a slowdown of 0 compares a version with itself (default: 0:5 10:5 5:3)",
    )
    parser.add_argument("--max-minutes", type=minutes, default=3.0, help="of a run (default: 3)")
    parser.add_argument("--threads", type=whole_number(1), default=1, help="CPU threads (default: 1)")
    parser.add_argument("--keep", type=Path, default=Path("calibration.jsonl"), help="(default: calibration.jsonl)")
    parser.add_argument("--report", type=Path, nargs="+", help="only sum up these files")
    return parser.parse_args()


if __name__ == "__main__":
    main()
