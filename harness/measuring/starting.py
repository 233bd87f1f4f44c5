"""How a process starts: what its imports take, and what its figures then depend on."""

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
    """Import what the variant needs, if it is one. NumPy is there already."""
    started = time.perf_counter()
    if variant in impls.variants():
        impls.import_(variant)
    return time.perf_counter() - started


def numpy_seconds() -> float:
    """CPU seconds in which a fresh process of this interpreter imports NumPy, which is in this one from the start."""
    code = "import time; before = time.process_time(); import numpy; print(time.process_time() - before)"
    return float(subprocess.check_output([sys.executable, "-I", "-c", code], stdin=subprocess.DEVNULL))


def conditions(implementation: Adapter) -> dict[str, Any]:
    """What the figures of this process depend on, but for the variables that it has inherited."""
    settings = implementation.settings
    return {
        **implementation.versions(),
        "threads": settings.threads or "all",
        "affinity": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "device": settings.device,
        "jit_compile": implementation.jit_compile,
        "python": platform.python_version(),
        "implementation_sha256": _hash_of_source(implementation),
    }


def _hash_of_source(implementation: Any) -> str:
    module = getattr(implementation, "module", None) or inspect.getmodule(type(implementation))
    files = [Path(module.__file__), Path(module.__file__).with_name("mnist.py")]  # an adapter, and its tutorial
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()[:12]
