"""Each mistake that the mutation tests make is an exercise, with its change and its loss."""

import pytest

from tests.exercises import diff, exercises
from tools.losses import curve, curves, picture


def test_each_exercise_shows_a_change():
    assert exercises()
    assert all(any(line[0] in "+-" for line in diff(mistake)[2:]) for mistake in exercises())


def test_each_exercise_shows_its_loss():
    assert all(("<path" in picture(each)) == bool(curve(each).get("losses")) for each in exercises())


def test_each_loss_is_that_of_an_exercise():
    trainings = {f"{each.file} {each.network}" for each in exercises()}
    assert set(curves()) == {each.name for each in exercises()} | trainings


def test_loss_of_other_code_is_refused(monkeypatch):
    mistake = exercises()[0]
    monkeypatch.setitem(curves(), mistake.name, {"code": 0})
    with pytest.raises(LookupError, match=mistake.name):
        picture(mistake)
