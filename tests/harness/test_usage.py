"""What a process has used is all of it, and what it holds is what it holds now."""

import gc
import itertools
import subprocess
import sys

import pytest

from harness.measuring import usage

BURN = "import time\nwhile time.process_time() < 0.3: pass"


@pytest.fixture(autouse=True)
def without_garbage():
    """What other tests have left is not given back while this one looks."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_the_time_of_processes_that_were_started_counts():
    before = usage.cpu_seconds()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert usage.cpu_seconds() - before > 0.28  # the system counts in hundredths


def test_what_is_in_use_is_what_was_allocated_and_not_given_back():
    before = usage.in_use()
    held = bytearray(2**27)
    most = usage.in_use()
    del held
    assert most - before == pytest.approx(2**27, rel=0.01)
    assert usage.in_use() - before < 2**20


def test_small_objects_are_in_use_as_well():
    """They lie in a heap of Python's own. Lists of a number are small: counted as three times as much."""
    before = usage.in_use()
    held = [[number * 1.5] for number in range(100_000)]
    size = sys.getsizeof(held) + sum(sys.getsizeof(each) + sys.getsizeof(each[0]) for each in held)
    assert 0.5 < (usage.in_use() - before) / size < 4


def test_the_peak_is_what_was_held():
    held = bytearray(2**27)
    held[::4096] = b"\1" * len(held[::4096])
    most = usage.peak_memory()
    del held
    assert most > 2**27
    assert usage.peak_memory() == pytest.approx(most, rel=0.01)  # Linux counts pages in batches


def test_where_the_system_does_not_tell_it_is_not_known(monkeypatch):
    monkeypatch.setattr("pathlib.Path.exists", lambda _: False)
    monkeypatch.setattr(usage, "_LIBC", object())
    assert usage.peak_memory() is None
    assert usage.in_use() is None


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

    def synchronize(self):
        pass


def test_after_a_fit_garbage_is_not_in_use_and_what_is_kept_is():
    keeping = Keeping()
    (_, before), (_, after) = (usage.of_fit(keeping, None, None, 8, 0.0) for _ in range(2))
    assert (after - before) / 8 == pytest.approx(2**20, rel=0.01)


def test_a_fit_begins_when_it_is_told_to_and_its_waiting_is_not_counted(monkeypatch):
    clock = itertools.count(5.0)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr(usage, "cpu_seconds", lambda: next(clock))
    (first, *_), _ = usage.of_fit(Keeping(), None, None, 2, begin=8.0)
    assert first == 1.0
    assert next(clock) == 12.0  # asked at 5, 6, 7 and 8, begun at 9, and two epochs
