"""This machine at the start of a campaign."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any


def describe(cpu: Mapping[str, Any], device: str) -> dict[str, Any]:
    """Return the processor, the GPUs if they are used, and the load average; None for what is not known.

    `cpu` is pytest-benchmark's description of the processor.
    """
    return {
        "cpu": cpu.get("brand_raw"),
        "gpu": _gpus() if device == "cuda" else "not used",
        "load_average": os.getloadavg()[0],
        "garbage_collector": "off while timing, on in fit",
    }


def _gpus() -> str | None:
    if not shutil.which("nvidia-smi"):
        return None
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    return "; ".join(done.stdout.splitlines()) or None
