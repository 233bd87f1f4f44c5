"""The tools on trial: each answers a `Question` by each of its rules."""

from collections.abc import Callable

from studies.detectors.question import Answer, Question
from studies.detectors.tools import asv, benchmatrix, otava, pyperf, pytest_benchmark, suite

TOOLS: dict[str, Callable[[Question], dict[str, Answer]]] = {
    "pytest-benchmark": pytest_benchmark.answers,
    "pyperf": pyperf.answers,
    "asv": asv.answers,
    "benchmatrix": benchmatrix.answers,
    "otava": otava.answers,
    "suite": suite.answers,
}
