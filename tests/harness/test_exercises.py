"""The exercises are those of the catalogue, as the files are today."""

from tests.exercises import PAGE, text


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == text(), "docs/exercises.md is not what `python -m tests.exercises` writes"
