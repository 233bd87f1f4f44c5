"""Version against version: for each variant, what two versions compute, how well they learn, how fast they are."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from harness.data.reference import Parts
from harness.equality.limits import ACCURACY_MARGIN
from harness.judging.verdict import FAMILY_ERROR, Verdict, judge_accuracy, looks
from harness.measuring.campaign import Participant
from harness.regression.comparison import Comparison
from harness.regression.identity import Imported, identified
from harness.regression.installed import versions_with_python
from harness.regression.numerics import CHECKS, Finding
from harness.regression.pair import SIDES, CandidateFailed, Pair, started
from harness.regression.versions import ACCURACY, Side
from harness.workers import variables
from harness.workers.worker import Worker, WorkerDied, in_a_line
from impls.contract import Settings


class Upgrade:
    """All that is found about two versions, each part when it is first asked for.

    - `claims`: variant -> names of what will be asked: of `CHECKS`, `ACCURACY`, and of the `QUANTITIES`.
    - `start(participant)`: gives it a fresh worker.
    - `margin`: a slowdown that does not matter, 0.05 for 5 %.
    - `minutes`: for all trainings and timings; who would go beyond stays inconclusive.
    - `error`: the chance that any verdict of the run is wrong; `lanes`: as in `Comparison`.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        claims: dict[str, list[str]],
        settings: Settings,
        dataset: Parts,
        start: Callable[[Participant], Worker],
        margin: float,
        minutes: float,
        error: float = FAMILY_ERROR,
        lanes: int = 1,
        on_progress: Callable[[str], None] = lambda _: None,
    ):
        self.sides = sides
        self.claims = claims
        self.settings = settings
        self.dataset = dataset
        self.start = start
        self.margin = margin
        self.minutes = minutes
        self.error = error
        self.lanes = lanes
        self.until = 0.0  # by `time.monotonic`, as soon as the first of them begins
        self.on_progress = on_progress
        self.versions: dict[str, dict[str, dict[str, str]]] = {}  # variant -> side -> package -> version
        self.imported: dict[str, dict[str, Imported]] = {}  # variant -> side
        self.kept_variables = variables.described({})
        self.refused = ""  # why the run was ended
        self.comparisons: dict[str, Comparison] = {}
        self.found: dict[tuple[str, str], Finding | Verdict] = {}
        self.family = sum(claim not in CHECKS for of_variant in claims.values() for claim in of_variant)
        self.shares = sum((ACCURACY in claims[variant]) + bool(self.quantities(variant)) for variant in claims)

    def quantities(self, variant: str) -> list[str]:
        return [claim for claim in self.claims[variant] if claim not in CHECKS and claim != ACCURACY]

    def find(self, variant: str, claim: str) -> Finding | Verdict:
        """What is known of it, after it was found out, with all that is found out together with it."""
        if (variant, claim) not in self.found:
            if claim in CHECKS:
                self._compute(variant)
            elif claim == ACCURACY:
                self.found[variant, ACCURACY] = self._learned(variant)
            else:
                self._time(variant)
        return self.found[variant, claim]

    def _compute(self, variant: str) -> None:
        checks = [name for name in CHECKS if name in self.claims[variant]]
        try:
            with self._pair(variant) as pair:
                for name in checks:
                    self.on_progress(f"{variant}: {name}")
                    self.found[variant, name] = _checked(CHECKS[name], pair)
                    if not pair.is_running():
                        raise WorkerDied(f"not tried, as a worker died in {name}")
        except Exception as error:
            for name in checks:
                self.found.setdefault((variant, name), _failed(error))

    def _learned(self, variant: str) -> Verdict:
        until = time.monotonic() + self._share()
        try:
            with self._pair(variant) as pair:
                verdict = self._accuracy(variant, pair, until)
        except CandidateFailed as error:
            return Verdict("worse", reason=str(error))
        except Exception as error:
            return Verdict("missing", reason=in_a_line(error))
        return verdict._replace(reason=verdict.reason.replace("launches", "seeds"))

    def _accuracy(self, variant: str, pair: Pair, until: float) -> Verdict:
        """After one epoch, when a recipe shows; after ten the luck of the seed hides it (docs/lessons.md)."""
        accuracies: tuple[list[float], list[float]] = ([], [])
        for seeds, error in looks(self.error, self.family):
            while len(accuracies[0]) < seeds and time.monotonic() < until:
                self._train(variant, pair, len(accuracies[0]), accuracies)
            if not accuracies[0]:
                return Verdict("inconclusive", reason="the time was up before the first training")
            verdict = judge_accuracy(*accuracies, ACCURACY_MARGIN, error)
            if not verdict.worth_more_launches or time.monotonic() > until:
                break
        return verdict

    def _train(self, variant: str, pair: Pair, seed: int, accuracies: tuple[list[float], list[float]]) -> None:
        self.on_progress(f"{variant}: accuracy, seed {seed}")
        pair.build(seed=seed)
        pair.run("fit", *self.dataset.train, 1)
        for side, (_, accuracy) in zip(accuracies, pair.run("evaluate", *self.dataset.test), strict=True):
            side.append(accuracy)

    def _share(self) -> float:
        """Seconds for the next of those that take as long as they may: what is left, in equal shares."""
        self.until = self.until or time.monotonic() + 60 * self.minutes
        self.shares -= 1
        return max(0.0, self.until - time.monotonic()) / (self.shares + 1)

    def _time(self, variant: str) -> None:
        if variant not in self.versions:
            with contextlib.suppress(Exception), self._pair(variant):
                pass  # a start that does not count: it reads from the disk what later ones find in memory
        comparison = self.comparisons[variant] = Comparison(
            variant,
            [side.python for side in self.sides],
            self.settings,
            self.dataset,
            self.start,
            self.quantities(variant),
            self.margin,
            self.error,
            self.family,
            self.lanes,
        )
        try:
            comparison.run(
                self._share(), lambda done, look: self.on_progress(f"{variant}: {done} launches, a look at {look}")
            )
        finally:  # Ctrl-C: what was decided by then stands
            self.found.update({(variant, quantity): verdict for quantity, verdict in comparison.verdicts.items()})

    @contextlib.contextmanager
    def _pair(self, variant: str) -> Iterator[Pair]:
        """Both versions in workers of their own, on different processors where there are some: nothing is timed."""
        lanes = (0, 1 % self.lanes)
        pythons = [side.python for side in self.sides]
        with started(variant, pythons, self.settings, self.dataset, self.start, lanes) as pair:
            pair.build()
            imported = self.imported[variant] = identified(pair, self.sides)
            self.versions[variant] = {
                side: installed | {name: module["version"] for name, module in imported[side].items()}
                for side, installed in zip(SIDES, pair.run(versions_with_python), strict=True)
            }
            self.kept_variables = variables.described(pair.workers[0].kept)
            yield pair


def _checked(check: Callable[[Pair], Finding], pair: Pair) -> Finding:
    try:
        return check(pair)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> Finding:
    """A candidate that fails where the baseline does not has changed; anything else leaves the matter open."""
    if isinstance(error, CandidateFailed):
        return Finding("changed", str(error))
    return Finding("missing", in_a_line(error))
