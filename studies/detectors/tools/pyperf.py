"""pyperf: many processes a version, and a t-test of their values; with `--min-speed=5` it ignores smaller changes.

https://pyperf.readthedocs.io/en/latest/cli.html
"""

import itertools
import json
import statistics

from studies.detectors.question import BENCHMARKS, BETTER, SAME, WORSE, Answer, Question, ToolFailed

RULES = {"pyperf": (), "pyperf --min-speed=5": ("--min-speed=5",)}
VALUES = 0.5  # seconds of a process for its values: a warm-up and 3 values of at least 0.1 s, and some for the step


def answers(question: Question) -> dict[str, Answer]:
    """Run as many processes of each version as the time allows: one for all, one that calibrates, and others."""
    start = question.start_seconds()
    processes = int(((question.seconds - start) / 2 - 2 * start - VALUES) / (start + VALUES))
    inherited = ",".join(sorted({*question.environment} - {"PATH"}))
    measured = []
    for side, python in (("baseline", question.baseline), ("candidate", question.candidate)):
        options = (f"--processes={max(2, processes)}", f"--inherit-environ={inherited}", "--quiet")
        question.run(python, BENCHMARKS / "pyperf_step.py", *options, "--output", f"{side}.json")
        [benchmark] = json.loads((question.folder / f"{side}.json").read_text(encoding="utf-8"))["benchmarks"]
        measured.append([run["values"] for run in benchmark["runs"] if "values" in run])
    before, after = (statistics.mean(itertools.chain(*runs)) for runs in measured)
    compare = (question.baseline, "-m", "pyperf", "compare_to", "baseline.json", "candidate.json")
    said = {rule: question.run(*compare, *options) for rule, options in RULES.items()}
    return {rule: Answer(word(each), after / before, min(map(len, measured))) for rule, each in said.items()}


def word(said: str) -> str:
    """Return the word for what `compare_to` printed."""
    if "slower" in said:
        return WORSE
    if "faster" in said:
        return BETTER
    if "not significant" in said:
        return SAME
    raise ToolFailed(said[-300:])
