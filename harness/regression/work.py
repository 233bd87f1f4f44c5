"""Work of two versions, counted and compared exactly.

A difference is neither good nor bad. It explains a verdict on time or memory.
"""

from collections.abc import Callable
from typing import Any

from harness.measuring.counts import Counts, allocated, called, in_process, recorded
from harness.measuring.workload import rehearse
from harness.regression.numerics import SAME, Finding
from harness.regression.pair import Pair
from harness.regression.pair_run import PREDICT, TRAIN
from impls.profiler import exists

SHOWN = 4  # parts of a difference, the largest


def calls(pair: Pair) -> Finding:
    """Compare the functions that a call runs, by package: Python functions, and the C functions that these call."""
    pair.build()
    return _compared(pair, called)


def kernels(pair: Pair) -> Finding:
    """Compare the kernels of a call, by the framework's profiler."""
    return _by_profiler(pair, recorded)


def allocations(pair: Pair) -> Finding:
    """Compare the bytes that a call allocates, by the framework's own record."""
    return _by_profiler(pair, allocated)


def loaded(pair: Pair) -> Finding:
    """Compare the modules that are imported after the first step, by package, and the bytes of shared libraries."""
    pair.build()
    pair.run(rehearse, TRAIN, *pair.dataset.train.first(128))
    modules, libraries = zip(*pair.run(in_process), strict=True)
    return _finding({"modules": difference(*modules), "bytes of libraries": difference(*libraries)})


# Allocations come last: JAX compiles anew for them, which changes the calls of later steps.
COUNTED = {"calls": calls, "kernels": kernels, "loaded": loaded, "allocations": allocations}


def difference(baseline: Counts, candidate: Counts) -> str:
    """Return the sums and the largest differences, as "255 -> 271 (torch +16)"; "" if all counts are equal."""
    changes = {name: candidate.get(name, 0) - baseline.get(name, 0) for name in baseline | candidate}
    changes = {name: change for name, change in changes.items() if change}
    if not changes:
        return ""
    largest = sorted(changes, key=lambda name: -abs(changes[name]))[:SHOWN]
    parts = [f"{name} {changes[name]:+,}" for name in largest]
    parts += [f"{len(changes) - SHOWN} more"] if len(changes) > SHOWN else []
    return f"{sum(baseline.values()):,} -> {sum(candidate.values()):,} ({', '.join(parts)})"


def _by_profiler(pair: Pair, count: Callable) -> Finding:
    if not exists(pair.variant, pair.settings.network):
        return Finding("not counted", f"{pair.variant} has no profiler.py")
    pair.build()
    return _compared(pair, count, pair.variant)


def _compared(pair: Pair, count: Callable, *arguments: Any) -> Finding:
    batches = pair.dataset.train.first(128)
    return _finding({str(each): difference(*pair.run(count, each, *batches, *arguments)) for each in (TRAIN, PREDICT)})


def _finding(differences: dict[str, str]) -> Finding:
    reason = "; ".join(f"{name} {text}" for name, text in differences.items() if text)
    return Finding("different", reason) if reason else SAME
