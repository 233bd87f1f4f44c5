"""pytest-benchmark: one process a version, and a limit of 5 % for the median or the mean.

https://pytest-benchmark.readthedocs.io/en/latest/comparing.html
"""

import re
import subprocess

from studies.detectors.question import BENCHMARKS, SAME, WORSE, Question, ToolFailed

RULES = ("median", "mean")
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-c", BENCHMARKS / "pytest.ini", "--rootdir", ".", "--noconftest")
STARTED = 1.0  # seconds of pytest itself


def answers(question: Question) -> dict[str, str]:
    """Save the baseline, and compare the candidate with it: each has half of the time, less its start."""
    start = question.start_seconds()
    seconds = max(1.0, (question.seconds - start) / 2 - start - STARTED)
    run = (*PYTEST, BENCHMARKS / "test_step.py", f"--benchmark-max-time={seconds:.1f}", "--benchmark-storage=saved")
    question.run(question.baseline, *run, "--benchmark-save=baseline")
    limits = ("--benchmark-compare-fail", *(f"{rule}:5%" for rule in RULES))
    compare = (question.candidate, *run, "--benchmark-compare", *limits)
    said = question.run(*compare, statuses=(0, 1), errors=subprocess.STDOUT)
    failed = set(re.findall(r"Field '(\w+)' has failed", said))
    if not failed and "1 passed" not in said:
        raise ToolFailed(said[-300:])
    return {f"pytest-benchmark {rule}:5%": WORSE if rule in failed else SAME for rule in RULES}
