"""Comparison of two versions of a runtime: whether their logits of a file are bit-exact, and whether one is slower."""

import contextlib
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.data.reference import Parts
from harness.edge import tasks
from harness.edge.shelf import SINGLE
from harness.judging.verdict import Verdict, judge, looks
from harness.measuring.campaign import in_turn
from harness.measuring.workload import block, prepare
from harness.regression.numerics import Finding
from harness.regression.requirements import canonical, parsed
from harness.workers.worker import Worker
from impls.edge import ENVIRONMENTS

DISTRIBUTIONS = {"litert": "ai-edge-litert", "onnx": "onnxruntime"}  # those that run in the environment "device"
BLOCKS = 6  # blocks of each version in a launch, interleaved


def named_in(requirements: Iterable[str]) -> list[str]:
    """Return the runtimes whose distributions these requirements name."""
    names = {canonical(parsed(each).name) for each in requirements}
    return [runtime for runtime, distribution in DISTRIBUTIONS.items() if distribution in names]


def environment(requirements: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the environment "device" with these requirements in place of its own, as in `impls.edge.ENVIRONMENTS`."""
    ours, packages = ENVIRONMENTS["device"]
    named = {canonical(parsed(each).name) for each in requirements}
    return [*requirements, *(each for each in ours if canonical(parsed(each).name) not in named)], packages


class Versions:
    """Both versions, by their interpreters: the baseline's and the candidate's.

    - `file(runtime, kind)`: returns the file that is run.
    - `start(python)`: returns a new worker, on one thread and the same processor for both.
    - `margin`, `error`: as in `judge`; `family` verdicts share the error.

    `found` holds the results, by runtime, kind and question.
    """

    def __init__(
        self,
        pythons: Sequence[str],
        file: Callable[[str, str], Path],
        start: Callable[[str], Worker],
        dataset: Parts,
        margin: float,
        error: float,
        family: int,
    ):
        self.pythons = pythons
        self.file = file
        self.start = start
        self.dataset = dataset
        self.margin = margin
        self.error = error
        self.family = family
        self.found: dict[tuple[str, str, str], Finding | Verdict] = {}

    def numerics(self, runtime: str, kind: str) -> Finding:
        """Return whether all logits of the test images are equal."""
        with self._both(runtime, kind) as workers:
            before, after = (worker.run("logits", self.dataset.test.images) for worker in workers)
            versions = " -> ".join(worker.run("versions")[DISTRIBUTIONS[runtime]] for worker in workers)
        off = int(np.count_nonzero(before != after))
        detail = f"{DISTRIBUTIONS[runtime]} {versions}: {off:,} of {before.size:,} logits of the {kind} file differ"
        return self._known(runtime, kind, "logits", Finding("changed" if off else "identical", detail))

    def time(self, runtime: str, kind: str) -> Verdict:
        """Compare the time of a prediction, the median of a launch. Add launches until there is a verdict."""
        seconds: tuple[list[float], list[float]] = ([], [])
        for launches, error in looks(self.error, self.family):
            while len(seconds[0]) < launches:
                for side, found in zip(seconds, self._launch(runtime, kind, len(seconds[0])), strict=True):
                    side.append(found)
            verdict = judge(*seconds, self.margin, error)
            if not verdict.worth_more_launches:
                break
        return self._known(runtime, kind, "time", verdict)

    def _launch(self, runtime: str, kind: str, number: int) -> list[float]:
        """Return the seconds of a prediction by the baseline and by the candidate."""
        with self._both(runtime, kind) as workers:
            for worker in workers:
                worker.run(prepare, SINGLE, *self.dataset.train)
            samples: dict[int, list[float]] = {0: [], 1: []}
            for turn in range(BLOCKS):
                for side in in_turn((0, 1), number * BLOCKS + turn):
                    samples[side] += workers[side].run(block)
        return [statistics.median(each) for each in samples.values()]

    @contextlib.contextmanager
    def _both(self, runtime: str, kind: str) -> Iterator[list[Worker]]:
        path, workers = str(self.file(runtime, kind)), []
        try:
            for python in self.pythons:
                workers.append(self.start(python))
                workers[-1].build(tasks.loaded, runtime, path)
            yield workers
        finally:
            for worker in workers:
                worker.close()

    def _known(self, runtime, kind, question, answer):
        self.found[runtime, kind, question] = answer
        return answer
