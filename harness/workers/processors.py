"""The binding of a process to processors."""

import os


def count() -> int:
    """Return the number of processors to which this process may be bound; 1 if the system has no binding."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def bind(threads: int, cpu_slot: int = 0) -> None:
    """Bind this process to `threads` of its processors: to the first in cpu_slot 0, to the next in cpu_slot 1.

    Does nothing if the system has no binding.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[cpu_slot * threads :][:threads])
