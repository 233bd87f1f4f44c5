"""The search for the first bad build: both ends, the builds between them, and the packages that make the difference."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.bisect.delta import smallest
from harness.bisect.journal import Journal, Outcome
from harness.bisect.limits import limits, planned
from harness.bisect.prober import NUMERICS, Prober
from harness.bisect.search import BAD, GOOD, UNKNOWN, first_bad
from harness.judging.sequential import Sampling
from harness.regression.builds import Build
from harness.regression.numerics import NUMERICAL, SAME
from harness.regression.pair_run import RATIOS
from harness.regression.releases import NoAnswer, differences

AGAIN = ", again"  # of the name of a second measurement
SEVERITY = {"identical": 0, "within rounding": 1, "redrawn": 1, "different": 1, "changed": 2}
EQUAL = (SAME.word, "same")
INCONCLUSIVE = "inconclusive"
UNDECIDED = ("missing", "not counted", "not comparable", INCONCLUSIVE)


@dataclass
class Bisection:
    """A search over `builds` of `package`, the good end first.

    - `check`: one of `CHECKS` or `RATIOS`, `IMPORTABLE`, or `NUMERICS`.
    - `sampling`: limits of one verdict on a time or memory; `alpha` is that of the whole search.
    - `say(line)` is called after each probe.

    After `run`, `bad` is the position of the first bad build, or None if the ends do not differ; `good` is that of the
    last good one. `check` is the check that differs. `culprits` are the packages of which none can be left out if the
    environment of the last good build shall become bad.
    """

    package: str
    builds: Sequence[Build]
    check: str
    sampling: Sampling
    prober: Prober
    journal: Journal
    say: Callable[[str], None]
    good: int = field(default=0, init=False)
    bad: int | None = field(default=None, init=False)
    culprits: list[str] = field(default_factory=list, init=False)
    end: Outcome | None = field(default=None, init=False)

    def run(self) -> None:
        """Measure the ends, search between them, and find the packages. Raises `NotBuilt` and `NoAnswer`."""
        last = len(self.builds) - 1
        checks = list(NUMERICAL) if self.check == NUMERICS else [self.check]
        if not self.outcome(0):
            pins = self.prober.resolved(self.builds[0].version)
            self.journal.add(self.name(0), Outcome(self.check, SAME.word, "", pins, 0))
        self.prober.reference = self.outcome(0).pins
        left = planned(len(self.builds)) - 1
        end = self._measured(last, checks, left)
        if end.word == INCONCLUSIVE:
            end = self._measured(last, checks, left, AGAIN)
        if end.word in UNDECIDED:
            raise NoAnswer(f"{self.name(last)} {problem(end)}")
        if end.word in EQUAL:
            return
        self.check, self.end = end.check, end
        self.good, self.bad = first_bad(last, self._state_of)
        self.good, self.bad = self._decided()
        self.culprits = smallest(list(self.differences()), self._is_bad)

    def name(self, position: int) -> str:
        """Return the requirement of a build: the name of its outcome."""
        return f"{self.package}=={self.builds[position].version}"

    def outcome(self, position: int) -> Outcome | None:
        """Return the last outcome of a build; None if it was not measured."""
        first = self.journal.outcomes.get(self.name(position))
        return self.journal.outcomes.get(self.name(position) + AGAIN, first)

    def differences(self) -> dict[str, tuple[str | None, str | None]]:
        """Return package -> its version with the last good and with the first bad build, where these differ."""
        return differences(self.outcome(self.good).pins, self.outcome(self.bad).pins)

    def unknown(self) -> dict[str, str]:
        """Return version -> problem of the builds between the last good and the first bad one."""
        return {self.builds[each].version: problem(self.outcome(each)) for each in range(self.good + 1, self.bad)}

    def tried(self) -> int:
        """Return the number of builds with an outcome; the good end is one."""
        return sum(self.outcome(each) is not None for each in range(len(self.builds)))

    def seconds(self) -> float:
        """Return the mean duration of a probe."""
        return statistics.mean([each.seconds for each in self.journal.outcomes.values() if each.seconds] or [0.0])

    def _state_of(self, position: int, left: int) -> str:
        return self._state(self._measured(position, [self.check], left))

    def _decided(self) -> tuple[int, int]:
        """Return the last good build and the first bad one after a second measurement of those between them.

        An inconclusive build gets as many pairs again, which spend a further share of alpha.
        """

        def state(distance: int, left: int) -> str:
            position = self.good + distance
            found = self.outcome(position)
            if found.word == INCONCLUSIVE:
                found = self._measured(position, [self.check], left, AGAIN)
            return self._state(found)

        good, bad = first_bad(self.bad - self.good, state)
        return self.good + good, self.good + bad

    def _measured(self, position: int, checks: Sequence[str], left: int, again: str = "") -> Outcome:
        """Return the outcome of a build. If it is new, report it, and the number of probes that are left."""
        name = self.name(position) + again
        if name not in self.journal.outcomes:
            self._measure(name, lambda: self.prober.build(self.builds[position].version, checks, self._limits()))
            duration = f", about {_duration(left * self.seconds())}" if left else ""
            self._report(name, f"; {self.tried()} of {len(self.builds)} builds tried, {left} left{duration}")
        return self.journal.outcomes[name]

    def _is_bad(self, changed: Sequence[str]) -> bool:
        """Return whether the last good environment is bad with these packages of the first bad one."""
        differences = self.differences()
        if len(changed) == len(differences):
            return True
        versions = {name: differences[name][1] for name in changed}
        name = f"{self.name(self.good)} with {', '.join(f'{name} {version}' for name, version in versions.items())}"
        if name not in self.journal.outcomes:
            pins = {name: version for name, version in (self.outcome(self.good).pins | versions).items() if version}
            self._measure(name, lambda: self.prober.environment(pins, [self.check], self._limits()))
            self._report(name)
        return self._state(self.journal.outcomes[name]) == BAD

    def _measure(self, name: str, measure: Callable[[], Outcome]) -> None:
        began = time.monotonic()
        outcome = measure()
        self.journal.add(name, outcome._replace(seconds=round(time.monotonic() - began, 1)))

    def _report(self, name: str, progress: str = "") -> None:
        outcome = self.journal.outcomes[name]
        change = f" {outcome.reason}" if outcome.change is not None else ""
        self.say(f"{name}: {outcome.check} {outcome.word}{change}{progress}")

    def _limits(self) -> Sampling:
        """Return the limits of the next verdict on a time or memory."""
        verdicts = sum(each.change is not None for each in self.journal.outcomes.values())
        return limits(self.sampling, verdicts + 1, len(self.builds), self.end and self.end.change)

    def _state(self, outcome: Outcome) -> str:
        """Return "bad" if a build differs as much as the bad end; of a time or memory, if it is beyond the middle."""
        if outcome.word in UNDECIDED:
            return UNKNOWN
        if self.check in RATIOS:
            return BAD if outcome.word == self.end.word else GOOD
        return BAD if SEVERITY[outcome.word] >= SEVERITY[self.end.word] else GOOD


def problem(undecided: Outcome) -> str:
    """Return why a build is neither good nor bad."""
    word = "is inconclusive" if undecided.word == INCONCLUSIVE else "cannot be measured"
    return f"{word}: {undecided.reason}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
