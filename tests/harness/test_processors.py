"""Workers are bound to separate processors."""

import os

import pytest

from harness.workers import processors


@pytest.mark.parametrize(("threads", "lane", "bound"), [(1, 1, [3]), (2, 0, [2, 3]), (9, 0, [2, 3, 5, 7])])
def test_lane_has_the_next_processors(monkeypatch, threads, lane, bound):
    calls = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 5, 3, 2}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, which: calls.append(which), raising=False)
    processors.bind(threads, lane)
    assert calls == [bound]
    assert processors.count() == 4
