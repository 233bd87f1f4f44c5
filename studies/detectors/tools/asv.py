"""asv: two commits of a project, interleaved rounds of processes, and a factor of 1.05 with a rank test.

https://asv.readthedocs.io/en/latest/using.html
"""

import re
import shutil

from harness import ROOT
from studies.detectors.question import BENCHMARKS, BETTER, SAME, UNDECIDED, WORSE, Answer, Question, ToolFailed

WORDS = {"+": WORSE, "-": BETTER, " ": SAME}
ROW = re.compile(r"^\| (.) .*\| +(~?)([\d.]+) +\| .*time_step", re.MULTILINE)  # mark; "~": not significant; ratio
INSTALLATION = 6.0  # seconds of both versions
ROUND = 0.2  # seconds of a process, besides its start: a warm-up of 0.1 s, and five samples of 0.01 s


def answers(question: Question) -> dict[str, Answer]:
    """Commit both versions, and compare them in as many rounds as the time allows: a process of each in a round."""
    folder, start = question.folder, question.start_seconds()
    shutil.copytree(BENCHMARKS / "asv", folder / "benchmarks")
    shutil.copy(BENCHMARKS / "asv.conf.json", folder)
    for python in (question.baseline, question.candidate):
        _commit(question, python)
    asv = question.tool("asv")
    question.run(asv, "machine", "--yes", HOME=str(folder))
    rounds = max(2, int((question.seconds - start - INSTALLATION) / (2 * (start + ROUND))))
    options = ("--factor=1.05", "--interleave-rounds", "--no-only-changed", f"--attribute=rounds={rounds}")
    said = question.run(asv, "continuous", *options, "HEAD~1", "HEAD", statuses=(0, 1), HOME=str(folder))
    return {"asv": Answer(*found(said), rounds)}


def found(said: str) -> tuple[str, float]:
    """Return word and ratio of what asv printed."""
    rows = ROW.findall(said)
    if len(rows) != 1 or rows[0][0] not in WORDS:
        raise ToolFailed(said[-300:])
    [(mark, insignificant, ratio)] = rows
    return UNDECIDED if insignificant else WORDS[mark], float(ratio)


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
