"""The candidate computes the same as the baseline, learns as well, and is not slower: `pytest -m regression`."""

import pytest

from harness.plugin.upgrades import BAD, OPEN

pytestmark = pytest.mark.regression


class Undecided(Exception):
    """Nothing bad was seen, and nothing good was shown."""


@pytest.fixture
def hold(upgrade, upgraded, record):
    """Fails if what was found is bad; raises `Undecided` if it is not known."""

    def hold(name: str) -> None:
        found = upgrade.find(upgraded, name)
        record("verdict", word=found.word)
        explained = ": ".join(filter(None, (str(found), found.reason)))
        if found.word in OPEN:
            raise Undecided(explained)
        if found.word in BAD:
            pytest.fail(explained, pytrace=False)

    return hold


def test_computes_the_same(hold, check):
    hold(check)


def test_is_not_worse(hold, quantity):
    hold(quantity)
