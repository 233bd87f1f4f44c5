"""The RECORD of a distribution names its files, with their sizes and hashes: whether an environment has just these.

Nothing of the environment is run.
"""

import base64
import csv
import hashlib
import importlib.metadata
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.regression.installed import canonical
from harness.workers import processors


def problem(place: Path, pins: str) -> str:
    """Return the first of these versions that an environment lacks, or the file that its RECORD contradicts; or ""."""
    [site] = place.glob("lib/python*/site-packages")
    found = {canonical(each.name or ""): each for each in importlib.metadata.distributions(path=[str(site)])}
    files: list[tuple[Path, str, str]] = []
    for name in map(canonical, re.findall(r"^[\w.-]+", pins, re.MULTILINE)):
        if name not in found:
            return f"{name} is not in it"
        record = found[name].read_text("RECORD")
        if not record:
            return f"{name} has no RECORD"
        files += [(site / file, digest, size) for file, digest, size in csv.reader(record.splitlines())]
    with ThreadPoolExecutor(processors.count()) as pool:  # 5 GB of PyTorch take seconds
        return next(filter(None, pool.map(_contradiction, files)), "")


def _contradiction(recorded: tuple[Path, str, str]) -> str:
    """Return how a file differs from its path, digest and size in a RECORD; or ""."""
    path, digest, size = recorded
    if not path.exists():
        return f"{path} is missing"
    if path.suffix == ".pyc":  # compiled anew, and its content may change
        return ""
    if size and path.stat().st_size != int(size):
        return f"{path} is damaged: it has {path.stat().st_size} bytes, and its RECORD says {size}"
    algorithm, _, expected = digest.partition("=")
    if expected:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).digest()
        if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != expected:
            return f"{path} does not match its RECORD: someone changed it, or another package has it, too"
    return ""
