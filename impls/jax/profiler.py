"""Profiling in JAX: `jax.profiler.trace` records each operation that XLA runs, on each thread."""

from collections import Counter
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


def allocations(run):
    """Compile the programs of `run()` anew. Return the bytes that one call of each allocates: temporary, and results.

    Results that take the place of donated arguments are not allocated. Keras on JAX runs 16 more functions a training
    step after its programs were compiled anew, so count its calls before.
    """
    jax.clear_caches()
    before = programs()
    run()
    found = Counter()
    for name, temporary, results in (programs() - before).elements():
        found.update({f"{name} temporary": temporary, f"{name} results": results})
    return dict(found)


def programs():
    """Return (name, temporary bytes, bytes of results) of all compiled programs of this process, with their number."""
    found = Counter()
    for program in jax.local_devices()[0].client.live_executables():
        [module], memory = program.hlo_modules(), program.get_compiled_memory_stats()
        results = memory.output_size_in_bytes - memory.alias_size_in_bytes
        found[module.name, memory.temp_size_in_bytes, results] += 1
    return found
