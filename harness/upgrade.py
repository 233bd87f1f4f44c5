"""Version against version: for each variant, what two versions compute, how well they learn, how fast they are."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import cache

import pytest

from harness.campaign import Participant
from harness.comparison import SIDES, Comparison
from harness.limits import ACCURACY_MARGIN
from harness.numerics import CHECKS, Finding, Pair
from harness.proxy import Worker
from harness.verdict import LOOKS, Verdict, judge_accuracy
from harness.versions import ACCURACY, Side
from harness.wire import Mnist
from impls.contract import Settings


class Upgrade:
    """All that is found about two versions, each part when it is first asked for.

    - `claims`: variant -> names of what will be asked: of `CHECKS`, `ACCURACY`, and of the `QUANTITIES`.
    - `start(participant)`: gives it a fresh worker.
    - `margin`: a slowdown that does not matter, 0.05 for 5 %.
    - `minutes`: for all trainings and timings; who would go beyond stays inconclusive.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        claims: dict[str, list[str]],
        settings: Settings,
        mnist: Mnist,
        start: Callable[[Participant], Worker],
        margin: float,
        minutes: float,
        on_progress: Callable[[str], None] = lambda _: None,
    ):
        self.sides = sides
        self.claims = claims
        self.settings = settings
        self.mnist = mnist
        self.start = start
        self.margin = margin
        self.until = time.monotonic() + 60 * minutes
        self.on_progress = on_progress
        self.versions: dict[str, list[dict[str, str]]] = {}  # variant -> package -> version, of each side
        self.comparisons: dict[str, Comparison] = {}
        self.found: dict[tuple[str, str], Finding | Verdict] = {}
        self.open = [variant for variant in claims if self.quantities(variant)]  # still to be timed

    def quantities(self, variant: str) -> list[str]:
        return [claim for claim in self.claims[variant] if claim not in CHECKS and claim != ACCURACY]

    def find(self, variant: str, claim: str) -> Finding | Verdict:
        """What is known of it, after it was found out."""
        if (variant, claim) not in self.found:
            self.found[variant, claim] = self._find(variant, claim)
        return self.found[variant, claim]

    def _find(self, variant: str, claim: str) -> Finding | Verdict:
        if claim in CHECKS:
            return self._findings(variant)[claim]
        if claim == ACCURACY:
            return self._accuracy(variant)
        return self._compared(variant).verdicts[claim]

    @cache  # noqa: B019 - one upgrade, as long as the session
    def _findings(self, variant: str) -> dict[str, Finding]:
        found = {}
        try:
            with self._pair(variant) as pair:
                for name, check in CHECKS.items():
                    if name in self.claims[variant]:
                        self.on_progress(f"{variant}: {name}")
                        found[name] = check(pair)
        except Exception as error:
            found |= {name: Finding("missing", _first_line(error)) for name in CHECKS if name not in found}
        return found

    def _accuracy(self, variant: str) -> Verdict:
        """Of one epoch: after it the frameworks' recipes still show, after ten the luck of the seed hides them."""
        accuracies: tuple[list[float], list[float]] = ([], [])
        trainings = sum(ACCURACY in claims for claims in self.claims.values())
        try:
            with self._pair(variant) as pair:
                for look in LOOKS:
                    for seed in range(len(accuracies[0]), look):
                        if time.monotonic() > self.until:
                            break
                        self.on_progress(f"{variant}: accuracy, seed {seed}")
                        pair.build(seed=seed)
                        pair.ask("fit", *self.mnist.train, 1)
                        for of_side, (_, accuracy) in zip(
                            accuracies, pair.ask("evaluate", *self.mnist.test), strict=True
                        ):
                            of_side.append(accuracy)
                    verdict = judge_accuracy(*accuracies, ACCURACY_MARGIN, trainings)
                    if verdict.decided or len(accuracies[0]) < look:
                        break
        except Exception as error:
            return Verdict("missing", reason=_first_line(error))
        return verdict._replace(reason=verdict.reason.replace("launches", "seeds"))

    @cache  # noqa: B019
    def _compared(self, variant: str) -> Comparison:
        family = sum(len(self.quantities(each)) for each in self.claims)
        pythons = [side.python for side in self.sides]
        comparison = self.comparisons[variant] = Comparison(
            variant, pythons, self.settings, self.mnist, self.start, self.quantities(variant), self.margin, family
        )
        share = max(0.0, self.until - time.monotonic()) / len(self.open)
        comparison.run(share, lambda launch, look, _: self.on_progress(f"{variant}: launch {launch}, a look at {look}"))
        self.open.remove(variant)
        return comparison

    @contextlib.contextmanager
    def _pair(self, variant: str) -> Iterator[Pair]:
        """Both versions in workers of their own."""
        build = ("build", variant, asdict(self.settings))
        with contextlib.ExitStack() as stack:
            workers = []
            for name, side in zip(SIDES, self.sides, strict=True):
                workers.append(self.start(Participant(name, variant, build, (), python=side.python)))
                stack.callback(workers[-1].close)
            pair = Pair(variant, self.settings, self.mnist, tuple(workers))
            pair.build()
            self.versions[variant] = pair.ask("versions")
            yield pair


UPGRADE = pytest.StashKey[Upgrade]()


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
