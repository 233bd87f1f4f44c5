"""asv: two commits of a project, interleaved rounds of processes, and a factor of 1.05 with a rank test.

https://asv.readthedocs.io/en/latest/using.html
"""

import re
import shutil

from harness import ROOT
from studies.detectors.question import BENCHMARKS, Question, ToolFailed
from studies.detectors.words import BETTER, SAME, UNDECIDED, WORSE

WORDS = {"+": WORSE, "-": BETTER, "~": UNDECIDED, " ": SAME}
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
    attributes = (f"--attribute=rounds={ROUNDS}", f"--attribute=repeat=(10, 1000000, {seconds:.1f})")
    options = ("--factor=1.05", "--interleave-rounds", "--no-only-changed", *attributes)
    said = question.run(asv, "continuous", *options, "HEAD~1", "HEAD", statuses=(0, 1), HOME=str(folder))
    marks = re.findall(r"^\| (.) .*time_step", said, re.MULTILINE)
    if len(marks) != 1:
        raise ToolFailed(said[-300:])
    return {"asv": WORDS[marks[0]]}


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
