"""The candidate computes the same as the baseline, learns as well, and is not slower: `pytest -m regression`."""

import pytest

from harness.judging.verdict import Verdict
from harness.plugin.upgrades import BAD, OPEN
from harness.regression.numerics import Finding

pytestmark = pytest.mark.regression


class Undecided(Exception):
    """Nothing bad was seen, and nothing good was shown."""


@pytest.fixture
def accept(record):
    """Fails if what was found is bad; raises `Undecided` if it is not known."""

    def accept(found: Finding | Verdict) -> None:
        record("verdict", word=found.word)
        explained = ": ".join(filter(None, (str(found), found.reason)))
        if found.word in OPEN:
            raise Undecided(explained)
        if found.word in BAD:
            pytest.fail(explained, pytrace=False)

    return accept


@pytest.fixture
def hold(upgrade, upgraded, accept):
    def hold(name: str) -> None:
        accept(upgrade.find(upgraded, name))

    return hold


def test_computes_the_same(hold, check):
    hold(check)


def test_learns_as_well(hold):
    hold("accuracy")


def test_is_not_slower(hold, quantity):
    hold(quantity)


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_a_runtime_computes_the_same(runtimes, upgraded_runtime, kind, accept, record):
    found = runtimes.numerics(upgraded_runtime, kind)
    record("statement", text=f"{found.word}: {found.reason}")
    accept(found)


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_a_runtime_is_not_slower(runtimes, upgraded_runtime, kind, accept, record):
    found = runtimes.time(upgraded_runtime, kind)
    told = f"{found}: {upgraded_runtime}, a prediction of the {kind} file, {found.pairs} pairs; {found.reason}"
    record("statement", text=told.removesuffix("; "))
    accept(found)
