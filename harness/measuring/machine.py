"""This machine at the start of a campaign."""

import os
import platform
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from harness.workers import processors


def describe(cpu: Mapping[str, Any], device: str) -> dict[str, Any]:
    """Return the processor, its quota, the GPUs if they are used, and the load average; None for what is not known.

    `cpu` is pytest-benchmark's description of the processor.
    """
    return {
        "cpu": cpu.get("brand_raw"),
        "cpu_quota": cpu_quota(),
        "gpu": _gpus() if device == "cuda" else "not used",
        "load_average": os.getloadavg()[0],
        "garbage_collector": "off while timing, on in fit",
    }


def identity() -> dict[str, Any]:
    """Return a description of the machine and of the interpreter: ratios that were measured under another may differ.

    A part is None if the system does not report it.
    """
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {
        "cpu": model[1] if model else None,
        "cores": processors.count(),
        "cpu_quota": cpu_quota(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": sysconfig.get_platform(),
        "python": platform.python_version(),
    }


def cpu_quota(root: Path = Path("/")) -> list[int] | None:
    """Return the CPU time that the control groups of this process allow, and the period, both in microseconds.

    The tightest limit of a group and of those above it counts; None if there is none. `root` holds proc/ and sys/.
    """
    found = []
    try:
        groups = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for _, controllers, path in (line.split(":", 2) for line in groups):
        if controllers and "cpu" not in controllers.split(","):
            continue
        mounted = root / "sys/fs/cgroup" / controllers
        group = mounted / path.lstrip("/")  # in a container it may exist on the host alone
        for folder in (group, *group.parents[: len(group.parts) - len(mounted.parts)]):
            files = [folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"] if controllers else [folder / "cpu.max"]
            try:
                quota, period = " ".join(file.read_text(encoding="utf-8") for file in files).split()
            except (OSError, ValueError):  # there is no such file, or it is empty
                continue
            if quota not in ("max", "-1"):
                found.append([int(quota), int(period)])
    return min(found, key=lambda limit: limit[0] / limit[1], default=None)


def cores(count: int, quota: Sequence[int] | None) -> str:
    """Return "2 cores", or "0.12 of 2 cores" under a quota: microseconds of CPU time, and those of the period."""
    return f"{quota[0] / quota[1]:.3g} of {count} cores" if quota else f"{count} cores"


def _gpus() -> str | None:
    if not shutil.which("nvidia-smi"):
        return None
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    return None if done.returncode else "; ".join(done.stdout.splitlines()) or None
