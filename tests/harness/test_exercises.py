"""`python -m tests.exercises` shows a change for each mistake that the mutation tests make."""

from tests.exercises import diff, exercises


def test_each_exercise_shows_a_change():
    assert exercises()
    assert all(any(line[0] in "+-" for line in diff(mistake)[2:]) for mistake in exercises())
