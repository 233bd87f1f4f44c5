"""Outcomes of the probes of a search, each appended to a file of JSON lines at once: no probe is measured twice."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from harness.data import atomic


class Outcome(NamedTuple):
    """The outcome of a probe.

    - `check`, `word`, `reason`: the first check that differs from the good end, and its finding, as in `Finding`. If
      the build cannot be measured, the word is "missing".
    - `pins`: package -> version, of all packages of its environment; empty if there is no such environment.
    - `built`: the number of environments that were built for it; `seconds`: its duration.
    """

    check: str
    word: str
    reason: str
    pins: dict[str, str]
    built: int
    seconds: float = 0.0


class Foreign(ValueError):
    """An exception for a file that holds no outcomes of this search. The message is one line."""


class Journal:
    """Outcomes by the name of the probe, in memory, and in `file` unless that is None.

    `search` describes the search and is the first line of the file. Raises `Foreign` if the file begins with another
    one, and `OSError` if it cannot be read or written. A last line that is incomplete is removed: the process was
    killed.
    """

    def __init__(self, file: Path | None, search: dict[str, Any]):
        self.file, self.outcomes = file, {}
        if file is None:
            return
        content = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
        if not content:
            atomic.write(file, json.dumps(search) + "\n")
            return
        complete, _, rest = content.rpartition("\n")
        first, *lines = (_loaded(line) for line in complete.split("\n"))
        if first != search:
            raise Foreign(f"{file} is of another search: {_difference(first, search)}; name another file")
        if None in lines:
            raise Foreign(f"{file}: line {2 + lines.index(None)} is damaged; remove that line")
        if rest:
            atomic.write(file, complete + "\n")
        self.outcomes = {line.pop("probe"): Outcome(**line) for line in lines}

    def add(self, probe: str, outcome: Outcome) -> None:
        """Add an outcome, and write it to the disk."""
        self.outcomes[probe] = outcome
        if self.file:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"probe": probe} | outcome._asdict()) + "\n")
                file.flush()
                os.fsync(file.fileno())


def _loaded(line: str) -> dict[str, Any] | None:
    """Return the content of a line, or None if it is no JSON object."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _difference(found: dict[str, Any] | None, expected: dict[str, Any]) -> str:
    """Return the first entry that differs."""
    if found is None:
        return "its first line describes no search"
    key = next(key for key in [*expected, *found] if found.get(key) != expected.get(key))
    return f"{key} {found.get(key)!r}, expected {expected.get(key)!r}"
