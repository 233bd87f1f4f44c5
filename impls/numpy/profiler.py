"""Profiling in NumPy, which has no profiler: each line of the tutorials is timed as one kernel."""

import json
import linecache
import sys
import time
import tracemalloc
from pathlib import Path

from impls.numpy import mnist, resnet, vit
from impls.profiler import Kernel

FILES = {tutorial.__file__ for tutorial in (mnist, resnet, vit)}
CALLS = 4  # in the first two, Python objects are allocated that later calls reuse


def kernels(implementation, run, folder):
    """Time each line of the tutorial in `run()`. Return the lines as kernels, and write them to `folder`/trace.json."""
    recorded, stack = [], []  # a line lasts until the next line, call or return
    since = time.perf_counter_ns()

    def on_event(frame, event, _):
        nonlocal since
        now = time.perf_counter_ns()
        if stack and stack[-1]:
            recorded.append(Kernel(stack[-1], since, now))
        if event == "line":
            code = frame.f_code
            stack[-1] = f"{code.co_qualname} {linecache.getline(code.co_filename, frame.f_lineno).strip()}"
        elif event == "return":
            stack.pop()
        since = time.perf_counter_ns()
        return on_event

    def on_call(frame, event, argument):
        if frame.f_code.co_filename not in FILES:
            return None
        on_event(frame, event, argument)
        stack.append("")
        return on_event

    sys.settrace(on_call)
    try:
        run()
    finally:
        sys.settrace(None)
    lines = [
        {"name": about, "ph": "X", "pid": 0, "tid": 0, "ts": a / 1e3, "dur": (b - a) / 1e3} for about, a, b in recorded
    ]
    (Path(folder) / "trace.json").write_text(json.dumps(lines), encoding="utf-8")
    return recorded


def allocations(run):
    """Call `run()` several times. Return the most bytes that arrays and Python objects took at one time in the last."""
    tracemalloc.start()
    try:
        for _ in range(CALLS):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            run()
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return {"peak": peak - before}
