"""Version against version: what two versions of each variant compute, how well they learn, how fast they are."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.judging.sequential import Sampling
from harness.judging.shares import Shares
from harness.judging.verdict import Verdict
from harness.regression.checks import CHECKS
from harness.regression.comparison import Comparison
from harness.regression.identity import Imported, identified
from harness.regression.installed import versions_with_python
from harness.regression.numerics import Finding
from harness.regression.pair import SIDES, CandidateFailed, Pair, Pairs
from harness.regression.versions import Side
from harness.workers import variables
from harness.workers.excerpt import in_a_line
from harness.workers.worker import WorkerDied


@dataclass
class Upgrade:
    """All findings about two versions. Each is made at the first request.

    - `requested`: variant -> names of its checks and quantities.
    - `sampling`: limits of all trainings and timings together; `comparisons` is counted here.
    - `on_progress(line)` is called before each step.
    """

    sides: Sequence[Side]
    requested: dict[str, list[str]]
    pairs: Pairs
    sampling: Sampling
    on_progress: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.settings = self.pairs.settings
        self._pythons = [side.python for side in self.sides]
        judged = [self.quantities(variant) for variant in self.requested]
        self.sampling = replace(self.sampling, comparisons=sum(map(len, judged)))
        self.shares = Shares(self.sampling.seconds, sum(map(bool, judged)))
        self.versions: dict[str, dict[str, dict[str, str]]] = {}  # variant -> side -> package -> version
        self.imported: dict[str, dict[str, Imported]] = {}  # variant -> side
        self.kept_variables = variables.described({})
        self.refused = ""  # why the run was ended
        self.comparisons: dict[str, Comparison] = {}
        self.found: dict[tuple[str, str], Finding | Verdict] = {}

    def quantities(self, variant: str) -> list[str]:
        """Return what is judged by pairs of process runs: times, memory and accuracy."""
        return [name for name in self.requested[variant] if name not in CHECKS]

    def find(self, variant: str, name: str) -> Finding | Verdict:
        """Return the finding. Those that are made together with it are kept."""
        if (variant, name) not in self.found:
            if name in CHECKS:
                self._compute(variant)
            else:
                self._judge(variant)
        return self.found[variant, name]

    def _compute(self, variant: str) -> None:
        checks = [name for name in CHECKS if name in self.requested[variant]]
        try:
            with self._pair(variant) as pair:
                for name in checks:
                    self.on_progress(f"{variant}: {name}")
                    try:
                        self.found[variant, name] = CHECKS[name](pair)
                    except Exception as error:
                        self.found[variant, name] = _failed(error)
                    if not pair.is_running():
                        raise WorkerDied(f"not tried, as a worker died in {name}")
        except Exception as error:
            for name in checks:
                self.found.setdefault((variant, name), _failed(error))

    def _judge(self, variant: str) -> None:
        if variant not in self.versions:
            with contextlib.suppress(Exception), self._pair(variant):
                pass  # a start that does not count: it reads from the disk what later ones find in memory
        with self.shares.next() as seconds:
            sampling = replace(self.sampling, seconds=seconds)
            comparison = Comparison(self.pairs, variant, self._pythons, self.quantities(variant), sampling)
            self.comparisons[variant] = comparison
            try:
                comparison.run(lambda done, size: self.on_progress(f"{variant}: {done} pairs, next analysis at {size}"))
            finally:  # Ctrl-C: verdicts that were reached stand
                self.found |= {(variant, quantity): found for (_, quantity), found in comparison.verdicts.items()}

    @contextlib.contextmanager
    def _pair(self, variant: str) -> Iterator[Pair]:
        """Yield a pair, on different processors if possible, as nothing is timed. Note the versions of both."""
        with self.pairs.started(variant, self._pythons, (0, 1 % self.sampling.at_once)) as pair:
            pair.build()
            imported = self.imported[variant] = identified(pair, self.sides)
            self.versions[variant] = {
                side: installed | {name: module["version"] for name, module in imported[side].items()}
                for side, installed in zip(SIDES, pair.run(versions_with_python), strict=True)
            }
            self.kept_variables = variables.described(pair.workers[0].kept)
            yield pair


def _failed(error: Exception) -> Finding:
    """Return "changed" if only the candidate fails, or else "missing", with the reason."""
    if isinstance(error, CandidateFailed):
        return Finding("changed", str(error))
    return Finding("missing", in_a_line(error))
