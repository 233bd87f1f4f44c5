"""Several things are done at once, and what is raised ends them all."""

import threading

import pytest

from harness.workers import together


def test_each_is_done_once_and_begun_in_order():
    done = []
    together.each(done.append, range(20), 1, lambda: done.append("closed"))
    assert done == list(range(20))


def test_so_many_are_under_way_at_once():
    meeting = threading.Barrier(3, timeout=30)
    together.each(lambda _: meeting.wait(), range(3), 3, meeting.abort)


def test_what_is_raised_ends_those_that_wait_and_is_raised_again():
    ended = threading.Event()
    waited = []

    def do(item):
        if item == 0:
            raise KeyError("first")
        waited.append(ended.wait(30))

    with pytest.raises(KeyError, match="first"):
        together.each(do, range(2), 2, ended.set)
    assert all(waited)
