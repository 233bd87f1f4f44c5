"""pytest-benchmark: one process a version, and a limit of 5 % for the median, the mean or the minimum.

https://pytest-benchmark.readthedocs.io/en/latest/comparing.html
"""

import json
import re
import subprocess

from studies.detectors.question import BENCHMARKS, SAME, WORSE, Answer, Question, ToolFailed

RULES = ("median", "mean", "min")
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-c", BENCHMARKS / "pytest.ini", "--rootdir", ".", "--noconftest")
STARTED = 0.6  # seconds of pytest itself


def answers(question: Question) -> dict[str, Answer]:
    """Save the baseline, and compare the candidate with it: each has half of the time, less its start."""
    start = question.start_seconds()
    seconds = max(1.0, (question.seconds - start) / 2 - start - STARTED)
    run = (*PYTEST, BENCHMARKS / "test_step.py", f"--benchmark-max-time={seconds:.1f}", "--benchmark-storage=saved")
    question.run(question.baseline, *run, "--benchmark-save=baseline", "--benchmark-json=baseline.json")
    limits = ("--benchmark-compare-fail", *(f"{rule}:5%" for rule in RULES))
    compare = (question.candidate, *run, "--benchmark-compare", *limits, "--benchmark-json=candidate.json")
    said = question.run(*compare, statuses=(0, 1), errors=subprocess.STDOUT)
    failed = set(re.findall(r"Field '(\w+)' has failed", said))
    if not failed and "1 passed" not in said:
        raise ToolFailed(said[-300:])
    before, after = (statistics_of(question, side) for side in ("baseline", "candidate"))
    words = {rule: WORSE if rule in failed else SAME for rule in RULES}
    return {f"pytest-benchmark {rule}:5%": Answer(word, after[rule] / before[rule], 1) for rule, word in words.items()}


def statistics_of(question: Question, name: str) -> dict[str, float]:
    """Return the statistics of the saved run of this name, in seconds."""
    [saved] = json.loads((question.folder / f"{name}.json").read_text(encoding="utf-8"))["benchmarks"]
    return saved["stats"]
