"""Outcomes of the probes of a search, each appended to a file of JSON lines at once: no probe is measured twice."""

from pathlib import Path
from typing import Any, NamedTuple

from harness.data import lines


class Outcome(NamedTuple):
    """The outcome of a probe.

    - `check`, `word`, `reason`: the first check that differs from the good end, and its finding, as in `Finding`; of a
      time or memory, the word of its `Verdict`. If the build cannot be measured, the word is "missing".
    - `pins`: package -> version, of all packages of its environment; empty if there is no such environment.
    - `built`: the number of environments that were built for it; `seconds`: its duration.
    - `change`: of a time or memory, that of its `Verdict`.
    """

    check: str
    word: str
    reason: str
    pins: dict[str, str]
    built: int
    seconds: float = 0.0
    change: float | None = None


class Journal:
    """Outcomes by the name of the probe, in memory, and in `file` unless that is None.

    `search` describes the search and is the first line of the file. Raises `ValueError` if the file begins with
    another one, and as `lines.read`.
    """

    def __init__(self, file: Path | None, search: dict[str, Any]):
        self.file, self.outcomes = file, {}
        if file is None:
            return
        first, *found = lines.read(file) or [None]
        if first is None:
            lines.append(file, search)
        elif first != search:
            raise ValueError(f"{file} is of another search: {_difference(first, search)}; name another file")
        try:
            self.outcomes = {line.pop("probe"): Outcome(**line) for line in found}
        except (KeyError, TypeError) as error:
            raise ValueError(f"{file} has a line that is no outcome: {error!r}; remove that line") from None

    def add(self, probe: str, outcome: Outcome) -> None:
        """Add an outcome, and write it to the disk."""
        self.outcomes[probe] = outcome
        if self.file:
            lines.append(self.file, {"probe": probe} | outcome._asdict())


def _difference(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """Return the first entry that differs."""
    key = next(key for key in [*expected, *found] if found.get(key) != expected.get(key))
    return f"{key} {found.get(key)!r}, expected {expected.get(key)!r}"
