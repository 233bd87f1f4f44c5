"""Are the counts of equal programs equal? `python -m studies.count_stability` compares a version with itself.

A process run starts two processes of a variant, which make each check of counted work once a round. Only the first
round is that of new processes: a later one follows a new build in the same processes. Each outcome is a line of
`--keep`, with its counts. A study that was interrupted goes on in the same file.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import impls
from harness.data import lines
from harness.measuring.usage import cpu_seconds
from harness.measuring.workload import rehearse
from harness.numbers import minutes, whole_number
from harness.regression.pair import Pairs
from harness.regression.work import COUNTED
from harness.workers import processors
from studies.pairs import pairs_of_mlp
from studies.shared import print_table

COLUMNS = ("variant", "check", "new\nprocesses", "differ", "same\nprocesses", "differ", "values", "CPU s")


def main() -> None:
    """Compare until the time is over, keep each outcome, and print the table of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=whole_number(1), default=4, help="of each process run (default: 4)")
    parser.add_argument("--minutes", type=minutes, default=60.0, help="after which no process run begins (default: 60)")
    parser.add_argument("--keep", type=Path, default=Path("count_stability.jsonl"), help="(default: %(default)s)")
    options = parser.parse_args()
    pairs, able = pairs_of_mlp(), [name for name in impls.variants() if not impls.missing(name)]
    until = time.monotonic() + 60 * options.minutes
    while time.monotonic() < until:
        runs = Counter(each["variant"] for each in lines.read(options.keep))
        variant = min(able, key=runs.__getitem__)  # the one with the fewest outcomes
        for outcome in outcomes(pairs, variant, options.rounds):
            lines.append(options.keep, {"variant": variant, **outcome})
    print_table("Counts of a version and itself", COLUMNS, rows(lines.read(options.keep)))


def outcomes(pairs: Pairs, variant: str, rounds: int) -> Iterator[dict]:
    """Yield the outcome of each check in each round of a process run, with the counts of both sides.

    `seconds` are those of the processor, of the side that took more: a busy machine does not change them much.
    """
    with pairs.started(variant, [sys.executable] * 2, (0, 1 % processors.count())) as pair:
        run = pair.run

        def keep_counts(function, *arguments):
            results = run(function, *arguments)
            counts.extend([results] if function is not rehearse else [])
            return results

        pair.run = keep_counts
        for round_ in range(rounds):
            for check, compare in COUNTED.items():
                counts: list[tuple] = []
                began = run(cpu_seconds)
                word, reason = compare(pair)
                seconds = max(after - before for before, after in zip(began, run(cpu_seconds), strict=True))
                outcome = {"check": check, "round": round_, "word": word, "reason": reason, "counts": counts}
                yield outcome | {"seconds": round(seconds, 2)}


def rows(kept: Iterable[dict]) -> Iterator[list[str]]:
    """Yield a row for each variant and check.

    `values`: in one round, the number of different counts over all process runs; that of the round with the most.
    `CPU s`: the mean of the first round, which also compiles.
    """
    groups: dict[tuple, list[dict]] = {}
    for each in kept:
        groups.setdefault((each["variant"], each["check"]), []).append(each)
    for names, group in sorted(groups.items()):
        values: dict[int, set[str]] = {}
        for each in group:
            sides = zip(*each["counts"], strict=True)
            values.setdefault(each["round"], set()).update(json.dumps(side, sort_keys=True) for side in sides)
        cells = []
        for is_later in (False, True):
            words = [each["word"] for each in group if (each["round"] > 0) == is_later]
            cells += [len(words), words.count("different")]
        seconds = statistics.mean(each["seconds"] for each in group if not each["round"])
        yield [*names, *map(str, (*cells, max(map(len, values.values())))), f"{seconds:.1f}"]


if __name__ == "__main__":
    main()
