"""Measurement of a build: its environment is like that of the good end, and its numerics are compared with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bisect.journal import Outcome
from harness.regression import environments
from harness.regression.numerics import SAME, Finding
from harness.regression.releases import Releases, as_text
from harness.regression.requirements import NotBuilt

NUMERICS = "numerics"  # all of `numerics.CHECKS`, of which the first that differs is searched for


@dataclass
class Prober(Releases):
    """Measures builds; the `reference` is the good end."""

    def build(self, version: str, checks: Sequence[str]) -> Outcome:
        """Measure the environment of a build, with the other packages of the good end where that is possible."""
        try:
            pins = self.resolved(version)
        except NotBuilt as error:
            return Outcome(checks[0], "missing", str(error), {}, 0)
        return self.environment(pins, checks)

    def environment(self, pins: Mapping[str, str], checks: Sequence[str]) -> Outcome:
        """Measure an environment of exactly these versions, up to the first of `checks` that differs.

        Raises `NotBuilt` if that of the good end cannot be built.
        """
        built = sum(not environments.is_built(as_text(each), self.root) for each in (self.reference, pins))
        good = self.side(self.reference)
        try:
            for found in self.findings([good, self.side(pins, Path(good.python))], checks):
                if found[1].word != SAME.word:
                    break
        except NotBuilt as error:
            found = checks[0], Finding("missing", str(error))
        check, finding = found
        return Outcome(check, *finding, dict(pins), built)
