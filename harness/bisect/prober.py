"""Measurement of a build: its environment is like that of the good end, and its numerics are compared with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import impls
from harness.bisect.journal import Outcome
from harness.regression import environments
from harness.regression.checks import CHECKS
from harness.regression.identity import Contradiction, identified
from harness.regression.numerics import SAME, Finding
from harness.regression.pair import CandidateFailed, Pairs
from harness.regression.requirements import NotBuilt
from harness.regression.versions import Side
from harness.workers import processors
from harness.workers.worker import in_a_line

IMPORTABLE = "importable"  # a check of itself: the packages can be imported and the network built
NUMERICS = "numerics"  # all of `numerics.CHECKS`, of which the first that differs is searched for


@dataclass
class Prober:
    """Measures builds of `package` in a variant.

    - `companions`: requirements of other packages, for all builds.
    - `pairs(pythons)`: the factory of pairs of workers under these two interpreters.
    - `root`: the folder of the environments.
    - `good`: package -> version in the environment of the good end: each other build gets these as far as it allows
      them. None as long as the good end is not resolved, which gets the installed versions.
    """

    package: str
    variant: str
    companions: Sequence[str]
    pairs: Callable[[Sequence[str]], Pairs]
    root: Path
    good: Mapping[str, str] | None = field(default=None, init=False)

    def resolved(self, version: str) -> dict[str, str]:
        """Return the versions of all packages in the environment of a build. Raises `NotBuilt`."""
        requirements = [f"{self.package}=={version}", *self.companions]
        pins = environments.resolve(requirements, self._packages(), self.good)
        return dict(line.split("==") for line in pins.split())

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
        built = sum(not environments.is_built(_text(each), self.root) for each in (self.good, pins))
        good = self._side(self.good, None)
        try:
            check, finding = self._compare([good, self._side(pins, Path(good.python))], checks)
        except NotBuilt as error:
            check, finding = checks[0], Finding("missing", str(error))
        return Outcome(check, *finding, dict(pins), built)

    def _compare(self, sides: Sequence[Side], checks: Sequence[str]) -> tuple[str, Finding]:
        """Return the first check that differs, and its finding; the last one if all are identical."""
        check, is_running, cpu_slots = checks[0], False, (0, 1 % processors.count())
        try:
            with self.pairs([side.python for side in sides]).started(self.variant, cpu_slots) as pair:
                pair.build()
                identified(pair, sides)
                is_running = True
                for check in checks:
                    finding = SAME if check == IMPORTABLE else CHECKS[check](pair)
                    if finding.word != SAME.word:
                        break
                return check, finding
        except CandidateFailed as error:
            is_finding = is_running or check == IMPORTABLE
            return check, Finding("changed" if is_finding else "missing", str(error))
        except (Contradiction, Exception) as error:
            return check, Finding("missing", in_a_line(error))

    def _side(self, pins: Mapping[str, str], like: Path | None) -> Side:
        """Build an environment and return it as a side. Raises `NotBuilt`."""
        python = environments.built(_text(pins), self._packages(), self.root, like)
        requirement = f"{self.package}=={pins[self.package]}"
        return Side(requirement, str(python), (requirement,))

    def _packages(self) -> tuple[str, ...]:
        return impls.variants()[self.variant].packages


def _text(pins: Mapping[str, str]) -> str:
    """Return the versions as uv writes them."""
    return "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))
