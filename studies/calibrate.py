"""Error rates of verdicts: `make calibrate` runs the real comparison with a known answer.

A version compared with itself must not be better or worse. A candidate that uses some percent more CPU time must be
worse. Alpha is that of a comparison of all variants. Each run is a line of `--keep`, so an interrupted study loses none
and a later study appends. `--report` sums up such files.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import impls
from harness.data import lines
from harness.judging.sequential import Sampling
from harness.measuring.targets import starter
from harness.regression.comparison import Comparison, most_pairs
from harness.regression.pair import Pairs
from harness.regression.pair_run import QUANTITIES
from harness.workers import processors
from harness.workers.launch import WorkerSpec
from impls.contract import Settings
from studies import injected_slowdown
from studies.shared import dataset, print_table

COLUMNS = (*("variant", "slower by", "margin", "verdicts", "same", "worse", "better", "open", "pairs", "minutes"),)
CAPTION = "slower by 0: a version against itself; open: inconclusive or missing; pairs of a verdict, minutes: medians."


def main() -> None:
    """Compare with known answers, keep each run, and print the table of verdicts."""
    options = _options()
    if not options.report:
        for record in runs(options):
            lines.append(options.keep, record)
            print(_line(record), flush=True)
    records = [record for file in options.report or [options.keep] for record in lines.read(file)]
    print_table("Verdicts with a known answer", COLUMNS, rows(records), CAPTION)


def runs(options: argparse.Namespace) -> Iterator[dict]:
    """Yield the record of each run. Variants and cases are interleaved, so an interrupted study has some of each."""
    pairs = Pairs(Settings(threads=1), dataset(), starter(WorkerSpec("", threads=1), lambda *_: None))
    verdicts = len(QUANTITIES) * len(impls.variants())
    at_once = most_pairs(processors.count(), threads=1)
    with tempfile.TemporaryDirectory() as scratch:
        turns = itertools.product(range(options.runs), options.cases, options.variants)
        for turn, (slowdown, margin), variant in turns:
            pythons = [_environment(Path(scratch), variant, side) for side in (0.0, slowdown)]
            limits = Sampling(margin / 100, comparisons=verdicts, at_once=at_once, seconds=60 * options.max_minutes)
            comparison = Comparison(pairs, variant, pythons, judged(slowdown), limits)
            began = time.monotonic()
            comparison.run()
            yield {
                "variant": variant,
                "slowdown": slowdown,
                "margin": margin,
                "run": turn,
                "seconds": round(time.monotonic() - began, 1),
                "verdicts": {
                    quantity: {"word": each.word, "pairs": each.pairs, "said": f"{each}: {each.reason}".rstrip(": ")}
                    for (_, quantity), each in comparison.verdicts.items()
                },
                "values": {quantity: comparison.values(quantity) for quantity in QUANTITIES},
            }


def _environment(scratch: Path, variant: str, slowdown: float) -> str:
    """Return the interpreter of a new environment, in which everything takes some percent longer."""
    implementation = impls.variants()[variant].implementation
    return injected_slowdown.slower(scratch / f"{implementation} {slowdown:g}", implementation, 1 + slowdown / 100)


def rows(records: Iterable[dict]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each variant and case, with verdicts and median duration. A case ends with all variants."""
    groups: dict[tuple, list[dict]] = {}
    for record in records:
        case = (record["slowdown"], record["margin"])
        groups.setdefault((*case, 0, record["variant"]), []).append(record)
        groups.setdefault((*case, 1, "all"), []).append(record)
    for (slowdown, margin, _, variant), group in sorted(groups.items()):
        verdicts = [each for record in group for name, each in record["verdicts"].items() if name in judged(slowdown)]
        words = Counter(verdict["word"] for verdict in verdicts)
        known = [words[word] for word in ("same", "worse", "better")]
        pairs = statistics.median(verdict["pairs"] for verdict in verdicts)
        minutes = statistics.median(record["seconds"] for record in group) / 60
        numbers = map(str, (len(verdicts), *known, len(verdicts) - sum(known)))
        yield variant, f"{slowdown:g} %", f"{margin:g} %", *numbers, f"{pairs:g}", f"{minutes:.1f}"


def judged(slowdown: float) -> Sequence[str]:
    """Return the quantities with a known answer."""
    return injected_slowdown.SLOWED if slowdown else QUANTITIES


def _line(record: dict) -> str:
    said = (f"{quantity} {found['said']}" for quantity, found in record["verdicts"].items())
    case = f"{record['variant']} slowed by {record['slowdown']:g} %, margin {record['margin']:g} %"
    return f"{case}, run {record['run'] + 1}, {record['seconds']:.0f} s: {'; '.join(said)}"


def _case(text: str) -> tuple[float, float]:
    """Return slowdown and margin, in percent: "10:5" -> (10.0, 5.0)."""
    slowdown, margin = map(float, text.split(":"))
    return slowdown, margin


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    every = list(impls.variants())
    parser.add_argument("--variants", nargs="+", choices=every, default=every, help="to study (default: all)")
    parser.add_argument("--runs", type=int, default=10, help="of each variant in each case (default: 10)")
    parser.add_argument(
        "--cases",
        type=_case,
        nargs="+",
        default=[(0.0, 5.0), (10.0, 5.0), (5.0, 3.0)],
        metavar="SLOWDOWN:MARGIN",
        help="percent; a slowdown of 0 compares a version with itself (default: 0:5 10:5 5:3)",
    )
    parser.add_argument("--max-minutes", type=float, default=3.0, help="of a run (default: 3)")
    parser.add_argument("--keep", type=Path, default=Path("calibration.jsonl"), help="(default: calibration.jsonl)")
    parser.add_argument("--report", type=Path, nargs="+", help="only sum up these files")
    return parser.parse_args()


if __name__ == "__main__":
    main()
