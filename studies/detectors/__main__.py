"""Detectors on trial: `python -m studies.detectors` asks each tool about two versions, and the answer is known.

Each answer is a line of `--keep`. Tools, workloads and known answers are in random order, so the machine's day is the
same for all; a study that was interrupted goes on in the same file.
"""

import argparse
import itertools
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psutil

import impls
from harness import ROOT
from harness.data import lines
from harness.measuring import machine
from harness.numbers import minutes, whole_number
from harness.workers.excerpt import in_a_line
from impls.command_line import errors_in_one_line
from studies.detectors import report
from studies.detectors.question import Question, ToolFailed
from studies.detectors.sides import TRUTHS, busy_core, interpreter
from studies.detectors.tools import TOOLS

PREDICTION = "-predict"  # ends the name of a workload: of a variant, a prediction; otherwise a training step


class Cell(NamedTuple):
    """A tool, a workload, a known answer, and the minutes for an answer."""

    tool: str
    workload: str
    truth: str
    minutes: float

    def __str__(self) -> str:
        return f"{self.tool}:{self.workload}:{self.truth}:{self.minutes:g}"


def main() -> None:
    """Ask, keep each answer, and print the tables of all."""
    options = _options()
    until = time.monotonic() + 60 * options.max_minutes
    with tempfile.TemporaryDirectory() as scratch:
        for cell in _cells(options):
            if time.monotonic() > until:
                break
            answer = asked(cell, Path(scratch))
            lines.append(options.keep, answer)
            words = {rule: found["word"] for rule, found in answer["answers"].items()}
            print(f"{cell}: {answer['seconds']:.0f} s: {words or answer['failed']}", flush=True)
    answers = lines.read(options.keep)
    print(report.as_markdown(answers))
    if options.picture:
        options.picture.write_text(report.picture(answers), encoding="utf-8")


def asked(cell: Cell, scratch: Path) -> dict:
    """Return the answer to the question of a cell, as a line of the file. Environments in `scratch` are used again."""
    variant = cell.workload.removesuffix(PREDICTION)
    method = "train_step" if variant == cell.workload else "predict_step"
    truth = TRUTHS[cell.truth]
    sides = {"baseline": truth.baseline, "candidate": truth.candidate}
    pythons = [interpreter(scratch / side, variant, slowdown) for side, slowdown in sides.items()]
    folder = scratch / "question"
    folder.mkdir()
    began = time.monotonic()
    answer = {**cell._asdict(), "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M}", "answers": {}, "failed": ""}
    answer |= {"load": round(psutil.getloadavg()[0], 1), "commit": _commit(), "machine": machine.identity()}
    try:
        with busy_core(truth.busy):
            question = Question(*pythons, variant, method, 60 * cell.minutes, folder)
            answer["answers"] = {rule: found._asdict() for rule, found in TOOLS[cell.tool](question).items()}
    except (ToolFailed, ValueError, LookupError) as error:  # the latter: a report that is not as expected
        answer["failed"] = in_a_line(error)
    finally:
        shutil.rmtree(folder)
    return answer | {"seconds": round(time.monotonic() - began, 1)}


def _commit() -> str:
    """Return the commit of this project, whose adapters asked."""
    return subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()


def _cells(options: argparse.Namespace) -> Iterator[Cell]:
    """Yield the cells that lack an answer, those with the fewest first, in random order."""
    questions = itertools.product(options.tools, options.workloads, options.truths, options.minutes)
    wanted = list(map(Cell._make, questions))
    known = Counter(Cell(*(line[key] for key in Cell._fields)) for line in lines.read(options.keep))
    for answers in range(options.answers):
        turn = [cell for cell in wanted if known[cell] <= answers]
        random.shuffle(turn)
        yield from turn


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m studies.detectors", description=__doc__.splitlines()[0])
    workloads = [name + kind for name in impls.variants() for kind in ("", PREDICTION)]
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS), help="(default: all)")
    parser.add_argument("--workloads", nargs="+", choices=workloads, default=["numpy"], help="(default: numpy)")
    parser.add_argument("--truths", nargs="+", choices=TRUTHS, default=["aa", "10"], help="(default: aa 10)")
    parser.add_argument("--minutes", nargs="+", type=minutes, default=[1.0], help="for an answer (default: 1)")
    parser.add_argument("--answers", type=whole_number(1), default=10, help="to each question (default: 10)")
    parser.add_argument("--max-minutes", type=minutes, default=60.0, help="after which nothing is asked (default: 60)")
    parser.add_argument("--keep", type=Path, default=Path("detectors.jsonl"), help="(default: %(default)s)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write the figure, as SVG")
    return parser.parse_args()


if __name__ == "__main__":
    with errors_in_one_line():
        main()
