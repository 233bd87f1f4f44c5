"""The exercises follow from the mistakes and the tutorials: each shows a short change and names a test that exists."""

import ast
from collections import Counter

import pytest

from harness import ROOT
from tests.exercises import diff, exercises, text
from tests.mistakes import mistakes

MOST_LINES = 20  # that are removed or added


@pytest.mark.parametrize("mistake", exercises(), ids=lambda mistake: mistake.name)
def test_diff_is_short_and_not_empty(mistake):
    header, changes = diff(mistake)[:2], [line for line in diff(mistake)[2:] if line[0] in "+-"]
    assert [line[:3] for line in header] == ["---", "+++"]
    assert 0 < len(changes) <= MOST_LINES, "\n".join(changes)


@pytest.mark.parametrize("test", sorted({mistake.caught_by.partition("[")[0] for mistake in mistakes()}))
def test_catching_test_exists(test):
    file, _, name = test.partition("::")
    assert name in [getattr(node, "name", "") for node in ast.parse((ROOT / file).read_text()).body]


def test_mistakes_have_names_of_their_own():
    """A variant is named by its framework and its mistake, whatever the chapter."""
    assert max(Counter((mistake.folder, mistake.name) for mistake in mistakes()).values()) == 1


def test_same_mistake_is_caught_by_the_same_test():
    assert len({mistake.name for mistake in mistakes()}) == len({(*mistake[1:5],) for mistake in mistakes()})


def test_page_has_each_mistake_once():
    """But for exports, which are run with patched tables."""
    titles = [line.partition(". ")[2] for line in text().splitlines() if line.startswith("### ")]
    names = {mistake.name.replace("_", " ").capitalize() for mistake in mistakes() if mistake.file != "edge"}
    assert sorted(titles) == sorted(names)
