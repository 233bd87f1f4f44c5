"""Several things are done at once, and an exception of one ends them all."""

import threading

import pytest

from harness.workers import together


def test_each_is_done_once_in_order():
    done = []
    together.each(done.append, range(20), 1, lambda: done.append("closed"))
    assert done == list(range(20))


def test_so_many_run_at_once():
    meeting = threading.Barrier(3, timeout=30)
    together.each(lambda _: meeting.wait(), range(3), 3, meeting.abort)


def test_an_exception_ends_the_others_and_is_raised():
    ended = threading.Event()
    waited = []

    def do(item):
        if item == 0:
            raise KeyError("first")
        waited.append(ended.wait(30))

    with pytest.raises(KeyError, match="first"):
        together.each(do, range(2), 2, ended.set)
    assert all(waited)
