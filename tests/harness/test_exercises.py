"""The page of exercises has every mistake that the mutation tests make."""

from tests.exercises import diff, exercises, text
from tests.mistakes import mistakes


def test_page_has_each_mistake_once():
    """But for exports, which are run with patched tables."""
    titles = [line.partition(". ")[2] for line in text().splitlines() if line.startswith("### ")]
    names = {mistake.name.replace("_", " ").capitalize() for mistake in mistakes() if mistake.file != "edge"}
    assert sorted(titles) == sorted(names)


def test_each_exercise_shows_a_change():
    assert all(any(line[0] in "+-" for line in diff(mistake)[2:]) for mistake in exercises())
