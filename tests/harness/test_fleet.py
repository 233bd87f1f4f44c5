"""A fleet replaces dead workers, and remembers which variants cannot be built."""

import threading
from pathlib import Path

import psutil
import pytest

from harness.workers import together
from harness.workers.fleet import Fleet
from harness.workers.launch import WorkerSpec
from impls import Case
from impls.contract import Settings


@pytest.fixture
def fleet():
    fleet = Fleet(WorkerSpec(""), on_event=lambda *_: None)
    yield fleet
    fleet.close()


def test_worker_that_died_while_idle_is_replaced(fleet):
    framework = fleet.framework("numpy", Settings())
    worker = fleet.worker("numpy")
    worker.process.kill()
    worker.process.wait()
    assert fleet.framework("numpy", Settings()).parameter_count() == 535_818
    assert framework.parameter_count() == 535_818
    assert not psutil.pid_exists(worker.process.pid)
    assert not Path(worker.folder).exists()


def test_start_reports_broken_variants_at_their_use(fleet):
    fleet.start([Case(name, "mlp") for name in ("broken", "numpy")], Settings())
    worker = fleet.workers["numpy"]
    assert fleet.framework("numpy", Settings()).parameter_count() == 535_818
    assert fleet.workers["numpy"] is worker
    with pytest.raises(ValueError, match="'broken'") as first:
        fleet.framework("broken", Settings())
    with pytest.raises(ValueError, match="'broken'") as second:
        fleet.framework("broken", Settings())
    assert second.value is first.value, "tried again"


def test_exception_of_one_thread_ends_the_others():
    ended, waited = threading.Event(), []

    def do(item):
        if item == 0:
            raise KeyError("first")
        waited.append(ended.wait(30))

    with pytest.raises(KeyError, match="first"):
        together.each(do, range(2), 2, ended.set)
    assert all(waited)
