"""Profiling in PyTorch: `torch.profiler` records each operation with its callers. Those that call none are kernels."""

import re
from collections import Counter
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity

from impls.profiler import Kernel

# These call operations and compute too: `addmm` copies the bias by an operation, and computes the product itself.
COMPUTES = re.compile(r"aten::(addmm|mm|bmm|\w*convolution\w*|\w*max_pool2d\w*|_foreach\w*)")


def kernels(implementation, run, folder):
    """Profile `run()` on the CPU. Return its kernels, and write the trace to `folder`/trace.json."""
    with torch.profiler.profile(activities=[ProfilerActivity.CPU]) as profile:
        run()
    profile.export_chrome_trace(str(Path(folder) / "trace.json"))
    recorded = []
    for event in profile.events():
        if not event.cpu_children or COMPUTES.fullmatch(event.name):
            recorded += [Kernel(path(event), 1e3 * start, 1e3 * end) for start, end in own_time(event)]
    return recorded


def allocations(run):
    """Call `run()`. Return the bytes of all tensors and buffers that PyTorch allocated meanwhile, by their size."""
    with torch.profiler.profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profile:
        run()
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    sizes = Counter(event.nbytes() for event in events if event.nbytes() > 0)  # below 0 where memory is freed
    return {f"of {size:,}": count * size for size, count in sizes.items()}


def own_time(event):
    """Yield (start, end) of an operation's own intervals, in microseconds: without the operations that it calls."""
    start = event.time_range.start
    for child in sorted(event.cpu_children, key=lambda child: child.time_range.start):
        yield start, child.time_range.start
        start = child.time_range.end
    yield start, event.time_range.end


def path(event):
    """Return the names from the outermost operation to this one: "Optimizer.step#Adam.step > aten::_fused_adam_"."""
    names = []
    while event:
        names.append(event.name)
        event = event.cpu_parent
    return " > ".join(reversed(names))
