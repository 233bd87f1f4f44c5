"""Workers are bound to processors of their own."""

import os

import pytest

from harness.workers import processors


@pytest.mark.parametrize(
    ("threads", "lane", "bound"), [(1, 0, [2]), (1, 1, [3]), (2, 0, [2, 3]), (2, 1, [5, 7]), (9, 0, [2, 3, 5, 7])]
)
def test_each_lane_has_the_next_processors(monkeypatch, threads, lane, bound):
    calls = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 5, 3, 2}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, which: calls.append(which), raising=False)
    processors.bind(threads, lane)
    assert calls == [bound]
    assert processors.count() == 4


def test_a_system_without_affinity_has_one_processor_to_bind_to(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    processors.bind(1)
    assert processors.count() == 1
