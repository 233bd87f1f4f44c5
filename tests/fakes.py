"""Workers without a process: one with prepared answers, and NumPy with changed code."""

import threading
from pathlib import Path
from types import MappingProxyType, ModuleType

from harness.equality.trace import trace
from harness.workers.session import Session
from impls.numpy import adapter, mnist

CONDITIONS = {"threads": "all", "affinity": [0, 1], "device": "cpu", "jit_compile": False, "python": "3.11"}
ANSWERS = {
    "import_seconds": 0.5,
    "build": 0.1,
    "first_step": 0.2,
    "peak_memory": 1000,
    "in_use": 900,
    "versions_with_python": {"numpy": "1.0", "python": "3.11"},
    "imported": {"numpy": {"version": "1.0", "file": "numpy.py", "inside": True, "distributions": ["numpy==1.0"]}},
    "conditions": CONDITIONS,
}
STEPS = 10  # of an epoch


class FakeWorker:
    """A worker that takes `seconds` for each call, import, building, first step and epoch.

    - `answers`: other answers, or errors that it raises, by the name of the method or function.
    - `log`: gets (name, command, *arguments) of each command.
    """

    kept = MappingProxyType({})

    def __init__(self, seconds=1.0, name="", log=None, **answers):
        self.seconds = seconds
        self.name, self.log = name, [] if log is None else log
        self.answers = ANSWERS | {"numpy_seconds": seconds} | answers
        self.operation = None
        self.used = 0.0  # CPU seconds

    def build(self, make, *arguments):
        return self.answer("build", make, *arguments)

    def obtain(self, make, *arguments):
        self.answer("obtain", make, *arguments)

    def run(self, function, *arguments):
        return self.answer(getattr(function, "__name__", function), *arguments)

    def answer(self, asked, *arguments):
        self.log.append((self.name, asked, *arguments))
        if asked == "prepare":
            self.operation = arguments[0]
        if asked in ("import_seconds", "build", "first_step"):
            self.used += self.seconds
        if asked in ("block", "fit_usage", "cpu_seconds") and asked not in self.answers:
            return getattr(self, asked)(*arguments)
        answer = self.answers.get(asked)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def block(self):
        return [self.seconds] * self.operation.rounds

    def fit_usage(self, images, labels, epochs, begin):
        return [self.seconds] * epochs, 900, True

    def cpu_seconds(self):
        return self.used

    def is_running(self):
        return True

    def close(self):
        self.log.append((self.name, "close"))


class PatchedNumpy(Session):
    """The NumPy implementation with `code` at the end of its tutorial. An epoch has `STEPS` steps.

    Both sides of a pair are in this process, and the record of allocations is of a process: they take turns.
    """

    kept = MappingProxyType({})
    turn = threading.Lock()

    def __init__(self, code=""):
        super().__init__(lambda event, **details: None)
        self.module, tutorial = ModuleType("impls.numpy.adapter"), ModuleType("impls.numpy.mnist")
        source = Path(mnist.__file__).read_text(encoding="utf-8") + code
        exec(compile(source, mnist.__file__, "exec"), vars(tutorial))  # the profiler times the lines of this file
        exec(Path(adapter.__file__).read_text(encoding="utf-8"), vars(self.module))
        self.module.mnist = self.module.TUTORIALS["mnist"] = tutorial
        self.running = True

    def build(self, make, variant, settings):
        return super().build(self.module.Adapter, settings)

    def run(self, function, *arguments):
        with self.turn:
            return super().run(shortened if function is trace else function, *arguments)

    def is_running(self):
        return self.running

    def close(self):
        self.running = False


def shortened(implementation, images, labels, parameters, steps, kept):
    """Return `trace`, of at most `STEPS` steps."""
    found = trace(implementation, images, labels, parameters, min(steps, STEPS), [min(steps, STEPS)])
    return found._replace(parameters=dict.fromkeys(kept, *found.parameters.values()))


shortened.changes_state = True
