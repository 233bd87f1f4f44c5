"""The measurement of a history: environments and numerics of each release, then groups of releases."""

import itertools
import math
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.data import lines
from harness.history.rows import COMPARED, FORMAT, MEASURED, NOT_INSTALLED, UNMEASURABLE, Row
from harness.judging.sequential import Sampling
from harness.judging.shares import Shares
from harness.judging.verdict import Verdict
from harness.regression.builds import Build
from harness.regression.comparison import Comparison
from harness.regression.numerics import NUMERICAL, Finding
from harness.regression.releases import NoAnswer, Releases, differences
from harness.regression.requirements import NotBuilt
from harness.regression.versions import Side
from harness.workers.excerpt import in_a_line

RELEASES = 3  # of a group, which has two more workers: the anchor, and the anchor again


@dataclass
class History:
    """The rows of some releases, each appended to `file` as soon as it is known.

    - `facts`: the entries that all rows have in common. `anchor` is the version that all others are compared with.
    - `sampling`: its `seconds` are those of all groups; `comparisons` is counted here.
    - `say(line)` is called before each step.
    """

    releases: Releases
    facts: Mapping[str, Any]
    sampling: Sampling
    file: Path
    say: Callable[[str], None]
    begun: str = field(default="", init=False)

    def run(self, builds: Sequence[Build]) -> None:
        """Measure these releases. All verdicts share `alpha`.

        Raises `NotBuilt` and `NoAnswer` if the anchor cannot be measured.
        """
        self.begun = datetime.now(UTC).isoformat()  # microseconds tell measurements apart
        groups = math.ceil(len(builds) / RELEASES)
        self.sampling = replace(self.sampling, comparisons=(len(builds) + groups) * len(COMPARED))
        version = self.facts["anchor"]
        self.releases.reference = self.releases.resolved(version)
        anchor = self.releases.side(self.releases.reference)
        same = self._numerics(version, anchor, anchor)
        if same["network"].word == "missing":
            raise NoAnswer(f"the anchor {version} cannot be measured: {same['network'].reason}")
        again = self._row(Build(version), MEASURED, found=same), anchor
        ready = filter(None, (self._prepared(build, anchor) for build in builds))
        shares = Shares(self.sampling.seconds, groups)
        while group := list(itertools.islice(ready, RELEASES)):
            with shares.next() as seconds:
                self._measure([*group, again], anchor, seconds)

    def _prepared(self, build: Build, anchor: Side) -> tuple[Row, Side] | None:
        """Return the row of a release with its numerics, and its side; None if it cannot be measured."""
        try:
            self.say(f"{build.version}: environment")
            pins = self.releases.resolved(build.version)
            side = self.releases.side(pins, Path(anchor.python))
        except NotBuilt as error:
            lines.append(self.file, self._row(build, NOT_INSTALLED, str(error)))
            return None
        found = self._numerics(build.version, anchor, side)
        packages = differences(self.releases.reference, pins)
        if found["network"].word == "missing":
            lines.append(self.file, self._row(build, UNMEASURABLE, found["network"].reason, packages))
            return None
        return self._row(build, MEASURED, "", packages, found), side

    def _numerics(self, version: str, anchor: Side, side: Side) -> dict[str, Finding]:
        self.say(f"{version}: numerics")
        return dict(self.releases.findings([anchor, side], list(NUMERICAL)))

    def _measure(self, ready: Sequence[tuple[Row, Side]], anchor: Side, seconds: float) -> None:
        """Measure these sides together, and append their rows."""
        together = [row["version"] for row, _ in ready]
        pythons = [anchor.python, *(side.python for _, side in ready)]
        sampling = replace(self.sampling, seconds=seconds)
        comparison = Comparison(self.releases.pairs, self.releases.variant, pythons, COMPARED, sampling)
        names = ", ".join(together)
        comparison.run(lambda done, size: self.say(f"{names}: {done} process runs, next analysis at {size}"))
        if not comparison.runs:  # without rows, the same command tries again
            reason = in_a_line(comparison.failure) if comparison.failure else "the time was up"
            self.say(f"{names}: not measured: {reason}")
            return
        for side, (row, _) in enumerate(ready, 1):
            found = {quantity: _record(comparison.verdicts[side, quantity]) for quantity in COMPARED}
            lines.append(self.file, row | {"together": together, "found": row["found"] | found})

    def _row(self, build: Build, state: str, reason: str = "", packages: Any = None, found: Any = None) -> Row:
        return {
            "format": FORMAT,
            "version": build.version,
            "uploaded": build.uploaded,
            **self.facts,
            "measurement": self.begun,
            "load_average": os.getloadavg()[0],
            "state": state,
            "reason": reason,
            "packages": packages or {},
            "alpha": self.sampling.alpha,
            "comparisons": self.sampling.comparisons,
            "found": {check: finding._asdict() for check, finding in (found or {}).items()},
        }


def pending(builds: Sequence[Build], rows: Collection[Row], facts: Mapping[str, Any]) -> list[Build]:
    """Return the releases without a row of these facts; that of the anchor is no release."""
    known = {row["version"] for row in rows if all(row.get(key) == value for key, value in facts.items())}
    return [build for build in builds if build.version not in known | {facts["anchor"]}]


def _record(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON: numbers with 5 digits, unknown ones as None."""
    return {
        name: (round(value, 5) if math.isfinite(value) else None) if isinstance(value, float) else value
        for name, value in verdict._asdict().items()
    }
