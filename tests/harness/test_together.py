"""Several things are done at once, and an exception of one ends them all."""

import threading

import pytest

from harness.workers import together


def test_results_are_in_order_of_the_items():
    meeting = threading.Barrier(3, timeout=30)  # they run at the same time
    assert together.each(lambda item: meeting.wait() >= 0 and item, range(3), 3, meeting.abort) == [0, 1, 2]


def test_exception_ends_the_others_and_is_raised():
    ended = threading.Event()
    waited = []

    def do(item):
        if item == 0:
            raise KeyError("first")
        waited.append(ended.wait(30))

    with pytest.raises(KeyError, match="first"):
        together.each(do, range(2), 2, ended.set)
    assert all(waited)
