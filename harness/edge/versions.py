"""Comparison of two versions of a runtime: whether their logits of a file are bit-exact, and whether one is slower."""

import contextlib
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from harness.data.lazy import Parts
from harness.edge import export_tasks
from harness.edge.exports import SINGLE_IMAGE
from harness.judging.sequential import Batch, Sampling, sequential
from harness.judging.verdict import Verdict, judge
from harness.measuring import figures
from harness.measuring.campaign import Campaign, Target
from harness.regression.numerics import Finding
from harness.regression.pair import SIDES, caught, checked
from harness.regression.requirements import NotBuilt, canonical, parsed
from harness.regression.upgrade import failed
from harness.workers.worker import Worker
from impls.edge import ENVIRONMENTS

DISTRIBUTIONS = {"litert": "ai-edge-litert", "onnx": "onnxruntime"}  # those that run in the environment "device"
PREDICTION = SINGLE_IMAGE._replace(blocks=6)
WRITER = "onnx"  # the package of the current environment with which NumPy's edge.py writes the files


def named_in(requirements: Iterable[str]) -> list[str]:
    """Return the runtimes whose distributions these requirements name."""
    names = {canonical(parsed(each).name) for each in requirements}
    return [runtime for runtime, distribution in DISTRIBUTIONS.items() if distribution in names]


def check_writer() -> None:
    """Raise `NotBuilt` if the files that both versions run cannot be written here."""
    if importlib.util.find_spec(WRITER) is None:
        raise NotBuilt(f"{WRITER} is not installed, and it takes it to write the compared files: pip install '.[edge]'")


def environment(requirements: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the environment "device" with these requirements instead of those in `impls.edge.ENVIRONMENTS`."""
    ours, packages = ENVIRONMENTS["device"]
    named = {canonical(parsed(each).name) for each in requirements}
    return [*requirements, *(each for each in ours if canonical(parsed(each).name) not in named)], packages


@dataclass
class Versions:
    """Both versions of a runtime, by their interpreters: the baseline's and the candidate's.

    - `file(runtime, kind)`: returns the file that is run.
    - `start(target)`: returns a new worker, on one thread and the same processor for both.

    `found` holds the results, by runtime, kind and question.
    """

    pythons: Sequence[str]
    file: Callable[[str, str], Path]
    start: Callable[[Target], Worker]
    dataset: Parts
    sampling: Sampling
    found: dict[tuple[str, str, str], Finding | Verdict] = field(default_factory=dict, init=False)

    def numerics(self, runtime: str, kind: str) -> Finding:
        """Return whether all logits of the test images are equal; if a side fails, its finding is as in `failed`."""
        targets = self._targets(runtime, kind)
        try:
            (before, old), (after, new) = checked(*(caught(self._logits, each) for each in targets))
            off, name = int(np.count_nonzero(before != after)), DISTRIBUTIONS[runtime]
            detail = f"{name} {old[name]} -> {new[name]}: {off:,} of {before.size:,} logits of the {kind} file differ"
            finding = Finding("changed" if off else "identical", detail)
        except Exception as error:
            finding = Finding(*failed(error, "changed"))
        self.found[runtime, kind, "logits"] = finding
        return finding

    def time(self, runtime: str, kind: str) -> Verdict:
        """Compare the time of a prediction, the median of a process run. Add process runs until there is a verdict.

        If a side fails, the verdict is as in `failed`.
        """
        campaign = Campaign(self._targets(runtime, kind), self.dataset, self.start)

        def run(batch: Batch) -> None:
            campaign.run(len(batch.numbers))
            checked(*map(campaign.failures.get, SIDES))

        def judged(_: str, alpha: float) -> Verdict:
            sides = (figures.medians(campaign.runs[side], PREDICTION) for side in SIDES)
            return judge(*sides, self.sampling.margin, alpha)

        with contextlib.closing(campaign):
            try:
                *_, verdicts = sequential(run, judged, ["time"], self.sampling)
                verdict = verdicts["time"]
            except Exception as error:
                word, reason = failed(error, "worse")
                verdict = Verdict(word, reason=reason)
        self.found[runtime, kind, "time"] = verdict
        return verdict

    def _logits(self, target: Target) -> tuple[np.ndarray, dict[str, str]]:
        """Return the logits of the test images, and the versions of the packages that computed them."""
        worker = self.start(target)
        try:
            worker.build(*target.build)
            return worker.run("logits", self.dataset.test.images), worker.run("versions")
        finally:
            worker.close()

    def _targets(self, runtime: str, kind: str) -> list[Target]:
        build = (export_tasks.loaded, runtime, str(self.file(runtime, kind)))
        return [
            Target(side, runtime, "", build, (PREDICTION,), has_first_step=False, python=python)
            for side, python in zip(SIDES, self.pythons, strict=True)
        ]
