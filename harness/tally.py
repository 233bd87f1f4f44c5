"""Count what a run spends: processes add lines of JSON to the file that the variable MNIST_TALLY names.

The sandbox takes the variable away, so workers of compared versions count nothing.
"""

import contextlib
import functools
import inspect
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

VARIABLE = "MNIST_TALLY"
OTHERS = ("exec(eval(", "process_tree.py")  # in commands of processes of xdist, and of workers, which count themselves


def add(kind: str, **details: Any) -> None:
    """Add a line, if the variable is set. A file that cannot be written costs the caller nothing."""
    file = os.environ.get(VARIABLE)
    if file:
        with contextlib.suppress(OSError), Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"kind": kind, "process": os.getpid(), **details}) + "\n")


def add_training(function: Callable, arguments: Sequence[Any]) -> None:
    """Add a line for a call that trains: that of a function with a parameter `epochs`."""
    if VARIABLE in os.environ:
        with contextlib.suppress(TypeError, ValueError):  # a call that fails, or a function without a signature
            epochs = inspect.signature(function).bind(*arguments).arguments.get("epochs")
            if isinstance(epochs, int) and epochs > 0:
                add("training", epochs=epochs)


@functools.cache  # a hook stays for ever
def add_processes() -> None:
    """Add a line for each Python that this process starts from now on."""
    sys.addaudithook(_on_event)


def _on_event(event: str, details: tuple) -> None:
    if event == "subprocess.Popen":
        command = details[1] if isinstance(details[1], (list, tuple)) else [details[1]]
        kind = kind_of([os.fsdecode(word) for word in command])
        if kind:
            add(kind)


def kind_of(command: Sequence[str]) -> str:
    """Return what a command starts: "pytest", "program" (another Python), or "" for anything else."""
    if not Path(command[0]).name.startswith("python") or any(other in " ".join(command) for other in OTHERS):
        return ""
    return "pytest" if command[1:3] == ["-m", "pytest"] else "program"


def spent(lines: Iterable[str]) -> dict[str, int]:
    """Return how often each was counted, by its name in the budget.

    A start is a process that builds a network: it imports a framework before.
    """
    events = [json.loads(line) for line in lines]
    kinds = Counter(event["kind"] for event in events)
    return {
        "starts": len({event["process"] for event in events if event["kind"] == "build"}),
        "trainings": kinds["training"],
        "epochs": sum(event["epochs"] for event in events if event["kind"] == "training"),
        "pytests": kinds["pytest"],
        "programs": kinds["program"],
        "environments": kinds["environment"],
    }
