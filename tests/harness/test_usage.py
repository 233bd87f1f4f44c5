"""Use of a process: all of its CPU time, and the memory that it holds now or held at most."""

import gc
import itertools
import subprocess
import sys

import pytest

from harness.measuring import usage

BURN = "import time\nwhile time.process_time() < 0.3: pass"
SIZE = 2**27  # bytes


@pytest.fixture(autouse=True)
def without_garbage():
    """Collect the garbage of other tests before a test, and none during it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_cpu_time_includes_processes_that_were_started():
    before = usage.cpu_seconds()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert usage.cpu_seconds() - before > 0.28  # the system counts in hundredths


def test_memory_that_is_given_back_is_not_in_use():
    before = usage.in_use()
    held = bytearray(SIZE)
    most = usage.in_use()
    del held
    assert most - before == pytest.approx(SIZE, rel=0.01)
    assert usage.in_use() - before < 2**20


def test_small_objects_are_in_use():
    """They are in Python's own heap. Lists of a number are small: counted as three times as much."""
    before = usage.in_use()
    held = [[number * 1.5] for number in range(100_000)]
    size = sys.getsizeof(held) + sum(sys.getsizeof(each) + sys.getsizeof(each[0]) for each in held)
    assert 0.5 < (usage.in_use() - before) / size < 4


def test_peak_stays_after_memory_is_given_back():
    held = bytearray(b"\1") * SIZE
    most = usage.peak_memory()
    del held
    assert most > SIZE
    assert usage.peak_memory() == pytest.approx(most, rel=0.01)  # Linux counts pages in batches


class Keeping:
    """Each epoch keeps a megabyte, and makes garbage of another that only the collector finds."""

    def __init__(self):
        self.kept = []

    def fit(self, images, labels, epochs, on_epoch):
        for epoch in range(epochs):
            self.kept.append(bytearray(2**20))
            cycle = [bytearray(2**20)]
            cycle.append(cycle)
            on_epoch(epoch, 0.0)


def test_garbage_of_a_fit_is_not_in_use():
    keeping = Keeping()
    (_, before, _), (_, after, _) = (usage.fit_usage(keeping, None, None, 8, 0.0) for _ in range(2))
    assert (after - before) / 8 == pytest.approx(2**20, rel=0.01)


def test_fit_begins_at_its_moment_and_waiting_is_not_counted(monkeypatch):
    clock = itertools.count(5.0)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr(usage, "cpu_seconds", lambda: next(clock))
    seconds, _, in_time = usage.fit_usage(Keeping(), None, None, 2, begin=8.0)
    assert (seconds, in_time) == ([1.0, 1.0], True)
    assert next(clock) == 12.0  # the moment at 5, 6, 7 and 8, then the use at 9, 10 and 11
    assert usage.fit_usage(Keeping(), None, None, 2, begin=8.0)[-1] is False
