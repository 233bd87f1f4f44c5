"""Measurement of a build: its environment is like that of the good end, and it is compared with that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bisect.journal import Outcome
from harness.judging.sequential import Sampling
from harness.judging.verdict import Verdict
from harness.regression import environments
from harness.regression.comparison import Comparison
from harness.regression.numerics import SAME, Finding
from harness.regression.pair_run import RATIOS
from harness.regression.releases import IMPORTABLE, Releases, as_text
from harness.regression.requirements import NotBuilt
from harness.regression.versions import Side

NUMERICS = "numerics"  # all of `NUMERICAL`, of which the first that differs is searched for


@dataclass
class Prober(Releases):
    """Measures builds; the `reference` is the good end."""

    def build(self, version: str, checks: Sequence[str], sampling: Sampling) -> Outcome:
        """Measure the environment of a build, with the other packages of the good end where that is possible."""
        try:
            pins = self.resolved(version)
        except NotBuilt as error:
            return Outcome(checks[0], "missing", str(error), {}, 0)
        return self.environment(pins, checks, sampling)

    def environment(self, pins: Mapping[str, str], checks: Sequence[str], sampling: Sampling) -> Outcome:
        """Measure an environment of exactly these versions, up to the first of `checks` that differs.

        A time or memory, of `RATIOS`, is the only one of `checks`; `sampling` limits it. Raises `NotBuilt` if the
        environment of the good end cannot be built.
        """
        built = sum(not environments.is_built(as_text(each), self.root) for each in (self.reference, pins))
        good = self.side(self.reference)
        try:
            sides = [good, self.side(pins, Path(good.python))]
        except NotBuilt as error:
            return Outcome(checks[0], "missing", str(error), dict(pins), built)
        if checks[0] in RATIOS:
            verdict = self._judged(checks[0], sides, sampling)
            word = "missing" if verdict.change is None else verdict.word
            return Outcome(checks[0], word, _reason(verdict), dict(pins), built, change=verdict.change)
        check, finding = self._first_difference(sides, checks)
        return Outcome(check, *finding, dict(pins), built)

    def _first_difference(self, sides: Sequence[Side], checks: Sequence[str]) -> tuple[str, Finding]:
        for found in self.findings(sides, checks):
            if found[1].word != SAME.word:
                break
        return found

    def _judged(self, quantity: str, sides: Sequence[Side], sampling: Sampling) -> Verdict:
        """Return the verdict on a time or memory; without a change if a side cannot be measured."""
        _, finding = self._first_difference(sides, [IMPORTABLE])
        if finding != SAME:
            return Verdict("missing", reason=finding.reason)
        pythons = [side.python for side in sides]
        comparison = Comparison(self.pairs, self.variant, pythons, [quantity], sampling)
        comparison.run()
        return comparison.verdicts[1, quantity]


def _reason(verdict: Verdict) -> str:
    """Return the change and its interval, the number of pairs, and why the verdict is not clear."""
    if verdict.change is None:
        return verdict.reason
    change = str(verdict).removeprefix(f"{verdict.word} ")
    return f"{change}, {verdict.pairs} pairs; {verdict.reason}".removesuffix("; ")
