"""asv: two commits of a project, interleaved rounds of processes, and a factor of 1.05 with a rank test.

https://asv.readthedocs.io/en/latest/using.html
"""

import re
import shutil

from harness import ROOT
from studies.detectors.question import BENCHMARKS, BETTER, SAME, UNDECIDED, WORSE, Question, ToolFailed

WORDS = {"+": WORSE, "-": BETTER, " ": SAME}
ROW = re.compile(r"^\| (.) .*\| +(~?)[\d.]+ +\| .*time_step", re.MULTILINE)  # mark; "~": not significant
ROUNDS = 2  # asv's default


def answers(question: Question) -> dict[str, str]:
    """Commit both versions, and compare them. The rounds share the time, less the start of a process in each."""
    folder, start = question.folder, question.start_seconds()
    shutil.copytree(BENCHMARKS / "asv", folder / "benchmarks")
    shutil.copy(BENCHMARKS / "asv.conf.json", folder)
    for python in (question.baseline, question.candidate):
        _commit(question, python)
    asv = question.tool("asv")
    question.run(asv, "machine", "--yes", HOME=str(folder))
    seconds = max(1.0, (question.seconds - start) / (2 * ROUNDS) - start)
    numbers = {"rounds": ROUNDS, "repeat": f"(10, 1000000, {seconds:.1f})", "timeout": f"{3 * seconds + 60:.0f}"}
    attributes = [f"--attribute={name}={value}" for name, value in numbers.items()]
    options = ("--factor=1.05", "--interleave-rounds", "--no-only-changed", *attributes)
    said = question.run(asv, "continuous", *options, "HEAD~1", "HEAD", statuses=(0, 1), HOME=str(folder))
    return {"asv": word(said)}


def word(said: str) -> str:
    """Return the word for what asv printed."""
    rows = ROW.findall(said)
    if len(rows) != 1 or rows[0][0] not in WORDS:
        raise ToolFailed(said[-300:])
    [(mark, insignificant)] = rows
    return UNDECIDED if insignificant else WORDS[mark]


def _commit(question: Question, python: str) -> None:
    """Commit a version: this project, and the folder of the packages of this interpreter."""
    project = question.folder / "project"
    project.mkdir(exist_ok=True)
    shutil.copy(BENCHMARKS / "install.py", project)
    packages = question.run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'), end='')")
    (project / "version.txt").write_text(f"{ROOT}\n{packages}\n", encoding="utf-8")
    git = ("git", "-C", project, "-c", "user.name=trial", "-c", "user.email=trial@localhost")
    question.run(*git, "init", "--quiet", "--initial-branch=main")
    question.run(*git, "add", ".")
    question.run(*git, "commit", "--quiet", "--allow-empty", "--message=version")
