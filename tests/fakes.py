"""Workers without a process: one that only answers, as it is told to, and one that computes, with a changed NumPy."""

from pathlib import Path
from types import ModuleType

import impls.numpy
from harness.session import Session
from harness.workload import Operation
from impls.contract import Settings

CONDITIONS = {"threads": "all", "affinity": [0, 1], "device": "cpu", "jit_compile": False, "python": "3.11"} | {
    "kept_variables": "none"
}
ANSWERS = {
    "import_": 0.5,
    "build": 0.1,
    "first_step": 0.2,
    "peak_memory": 1000,
    "memory": 900,
    "installed": {"numpy": "1.0", "python": "3.11"},
    "imported": {"numpy": {"version": "1.0", "file": "numpy.py", "inside": True, "distributions": ["numpy==1.0"]}},
    "conditions": CONDITIONS,
}
STEPS = 10  # of an epoch, where one is asked for


class FakeWorker:
    """Answers as a session would that takes `seconds` for each call, for an import, a building and a first step each,
    and for an epoch. `answers`: others, or errors that it raises."""

    def __init__(self, seconds=1.0, **answers):
        self.seconds = seconds
        self.answers = ANSWERS | answers
        self.operation = None
        self.used = 0.0  # CPU seconds

    def call(self, command, *arguments):
        if command == "prepare":
            self.operation = Operation(*arguments[0])
        if command in ("import_", "build", "first_step"):
            self.used += self.seconds
        if command in ("block", "epochs", "cpu_seconds") and command not in self.answers:
            return getattr(self, command)(*arguments)
        answer = self.answers.get(command)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def block(self):
        return [self.seconds] * self.operation.rounds

    def epochs(self, images, labels, epochs):
        return [(self.seconds, 900)] * epochs

    def cpu_seconds(self):
        return self.used

    def is_running(self):
        return True

    def close(self):
        pass


class SpoiledNumpy(Session):
    """The NumPy implementation, in whose module `code` runs last. An epoch has some steps only."""

    def __init__(self, code=""):
        super().__init__(lambda event, **details: None)
        self.module = ModuleType("impls.numpy")
        exec(Path(impls.numpy.__file__).read_text() + code, vars(self.module))
        self.running = True

    def build(self, variant, settings):
        self.implementation = self.module.Classifier(Settings(**settings))

    def trace(self, images, labels, parameters, steps):
        return super().trace(images, labels, parameters, min(steps, STEPS))

    def is_running(self):
        return self.running

    def close(self):
        self.running = False
