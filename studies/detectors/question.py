"""A question to a detector: two versions, one step, and the seconds to answer. The words are those of all answers."""

import functools
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import impls
from harness import ROOT
from harness.workers import excerpt, process_tree, variables
from harness.workers.launch import thread_variables
from studies.detectors.step import WORKLOAD
from studies.shared import dataset

WORSE, BETTER, SAME, UNDECIDED = "worse", "better", "same", "cannot tell"
BENCHMARKS = Path(__file__).parent / "benchmarks"


class ToolFailed(Exception):
    """An exception for a tool that gives no answer."""


class Answer(NamedTuple):
    """A word, and what it stands on.

    - `ratio`: time of the candidate / time of the baseline, as the tool or its rule compares them.
    - `processes`: the number of processes of each version that measured.
    """

    word: str
    ratio: float
    processes: int


@dataclass(frozen=True)
class Question:
    """Is the candidate slower than the baseline, or faster, by more than 5 %?

    - `baseline`, `candidate`: their interpreters.
    - `variant`, `method`: the step, as "jax" and "train_step".
    - `seconds`: the time for everything that the tool does.
    - `folder`: an empty folder for its files.
    """

    baseline: str
    candidate: str
    variant: str
    method: str
    seconds: float
    folder: Path

    @functools.cached_property
    def environment(self) -> dict[str, str]:
        """The variables of all processes: those of a worker with one thread, the project, the data set and the step."""
        ours = {"PYTHONPATH": str(ROOT), "MNIST_DIR": dataset().directory, WORKLOAD: f"{self.variant} {self.method}"}
        return variables.inherited() | thread_variables(1, "cpu") | impls.variants()[self.variant].environment | ours

    def run(
        self, *command: object, statuses: tuple[int, ...] = (0,), errors: int = subprocess.PIPE, **changes: str
    ) -> str:
        """Run a command in the folder, with these variables changed. Return its output, and its `errors` if `STDOUT`.

        All processes that it has started end with it.
        Raises `ToolFailed` for any other exit status, and for a command that takes far longer than the question allows.
        """
        process = process_tree.start(
            list(map(str, command)),
            cwd=self.folder,
            env=self.environment | changes,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
        )
        try:
            said, complained = process.communicate(timeout=10 * self.seconds + 300)
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(f"no end after {error.timeout:.0f} s") from None
        finally:
            process_tree.end(process)
        if process.returncode not in statuses:
            lines = [line for line in (said + (complained or "")).splitlines() if line.strip()]
            raise ToolFailed(f"exit status {process.returncode}: {excerpt.shortened(' ... '.join(lines[-3:]))}")
        return said

    def start_seconds(self) -> float:
        """Return the seconds of a process that imports, builds and makes one step."""
        began = time.monotonic()
        self.run(self.baseline, "-c", "from studies.detectors.step import step; step()()")
        return time.monotonic() - began

    def tool(self, name: str) -> str:
        """Return the path of a command of this environment."""
        return str(Path(sys.executable).with_name(name))
