"""pyperf: many processes a version, and a t-test of their values; with `--min-speed=5` it ignores smaller changes.

https://pyperf.readthedocs.io/en/latest/cli.html
"""

from studies.detectors.question import BENCHMARKS, BETTER, SAME, WORSE, Question

RULES = {"pyperf": (), "pyperf --min-speed=5": ("--min-speed=5",)}
VALUES = 1.0  # seconds of a process for its values: a warm-up and 3 values of at least 0.1 s, and some for the step


def answers(question: Question) -> dict[str, str]:
    """Run as many processes of each version as the time allows: one for all, one that calibrates, and others."""
    start = question.start_seconds()
    processes = int(((question.seconds - start) / 2 - 2 * start - VALUES) / (start + VALUES))
    inherited = ",".join(sorted({*question.environment} - {"PATH"}))
    for side, python in (("baseline", question.baseline), ("candidate", question.candidate)):
        options = (f"--processes={max(2, processes)}", f"--inherit-environ={inherited}", "--quiet")
        question.run(python, BENCHMARKS / "pyperf_step.py", *options, "--output", f"{side}.json")
    compare = (question.baseline, "-m", "pyperf", "compare_to", "baseline.json", "candidate.json")
    return {rule: word(question.run(*compare, *options)) for rule, options in RULES.items()}


def word(said: str) -> str:
    """Return the word for what `compare_to` printed."""
    if "slower" in said:
        return WORSE
    return BETTER if "faster" in said else SAME
