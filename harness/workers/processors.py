"""Which of the machine's processors a process keeps to."""

import os


def count() -> int:
    """How many workers can be bound to, each to its own; 1 where the system binds nobody."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def bind(threads: int, lane: int = 0) -> None:
    """Keep this process to so many processors: the first of its own in lane 0, the next in lane 1; if it can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[lane * threads :][:threads])
