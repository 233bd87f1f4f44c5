"""PyTorch: `torch.profiler` records each operation with those that it calls; kernels are those that call no other."""

from pathlib import Path

import torch
from torch.profiler import ProfilerActivity

from impls.profiling import Kernel


def kernels(classifier, run, folder):
    with torch.profiler.profile(activities=[ProfilerActivity.CPU]) as profile:
        run()
    profile.export_chrome_trace(str(Path(folder) / "trace.json"))
    return [
        Kernel(path(event), 1e3 * event.time_range.start, 1e3 * event.time_range.end)
        for event in profile.events()
        if not calls_others(event)
    ]


def calls_others(event):
    """Some operations only look at a tensor on their way, which takes no time: they are no kernels."""
    return any(child.name not in ("aten::resolve_conj", "aten::resolve_neg") for child in event.cpu_children)


def path(event):
    """The names from the outermost operation to this: "Optimizer.step#Adam.step > aten::_fused_adam_"."""
    names = []
    while event:
        names.append(event.name)
        event = event.cpu_parent
    return " > ".join(reversed(names))
