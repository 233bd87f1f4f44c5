"""Profiling in JAX: `jax.profiler.trace` records each operation that XLA runs, on each thread."""

from pathlib import Path

import jax

from impls.profiler import Kernel


def kernels(implementation, run, folder):
    """Profile `run()`. Return the operations of XLA, and leave the trace in `folder`."""
    with jax.profiler.trace(folder):
        run()
    [file] = Path(folder).glob("**/*.xplane.pb")
    trace = jax.profiler.ProfileData.from_file(str(file))
    recorded = []
    for line in (line for plane in trace.planes for line in plane.lines):
        for event in line.events:
            about = dict(event.stats)
            if "hlo_op" in about:
                name = f"{about['hlo_module']} {about['hlo_op']}"
                recorded.append(Kernel(name, event.start_ns, event.start_ns + event.duration_ns))
    return recorded
