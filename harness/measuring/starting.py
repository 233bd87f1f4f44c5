"""The start of a process: the time of its imports, and the conditions of its measurements."""

import hashlib
import inspect
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import impls
from impls.adapter import Adapter


def import_seconds(variant: str) -> float:
    """Import what the variant needs and return the seconds. For a name that is no variant, import nothing."""
    started = time.perf_counter()
    if variant in impls.variants():
        impls.import_(variant)
    return time.perf_counter() - started


def numpy_seconds() -> float:
    """Return the CPU seconds in which a new process of this interpreter imports NumPy, which is in this one already."""
    code = "import time; before = time.process_time(); import numpy; print(time.process_time() - before)"
    return float(subprocess.check_output([sys.executable, "-I", "-c", code], stdin=subprocess.DEVNULL))


def conditions(implementation: Adapter) -> dict[str, Any]:
    """Return the conditions of this process that change its speed, without the variables that it has inherited."""
    settings = implementation.settings
    module = getattr(implementation, "module", None) or inspect.getmodule(type(implementation))
    files = [Path(module.__file__), Path(module.__file__).with_name("mnist.py")]  # an adapter, and its tutorial
    source = b"".join(file.read_bytes() for file in files if file.exists())
    return {
        **implementation.versions(),
        "threads": settings.threads or "all",
        "affinity": sorted(os.sched_getaffinity(0)),
        "device": settings.device,
        "jit_compile": implementation.jit_compile,
        "python": platform.python_version(),
        "implementation_sha256": hashlib.sha256(source).hexdigest()[:12],
    }
