"""A fleet replaces dead workers, and remembers what cannot be built."""

import traceback
from pathlib import Path

import psutil
import pytest

from harness.workers.fleet import Fleet
from harness.workers.worker import WorkerSpec
from impls import Entrant
from impls.contract import Settings


@pytest.fixture
def fleet():
    fleet = Fleet(WorkerSpec(""), on_event=lambda *_: None)
    yield fleet
    fleet.close()


def test_worker_that_died_while_idle_is_replaced(fleet):
    framework = fleet.framework("numpy", Settings())
    worker = fleet.home("numpy")
    assert Path(worker.folder).exists()
    worker.process.kill()
    worker.process.wait()
    assert fleet.framework("numpy", Settings()).parameter_count() == 535_818
    assert framework.parameter_count() == 535_818
    assert not psutil.pid_exists(worker.process.pid)
    assert not Path(worker.folder).exists()


def test_broken_variant_is_built_once_and_its_error_does_not_grow(fleet):
    lengths, workers = set(), set()
    for _ in range(3):
        with pytest.raises(ValueError, match="unknown variant 'nothing'") as caught:
            fleet.framework("nothing", Settings())
        lengths.add(len(traceback.format_exception(caught.value)))
        workers.add(fleet.home("nothing"))
    assert len(lengths) == len(workers) == 1


def test_start_reports_broken_variants_at_their_use(fleet):
    broken = [f"broken-{number}" for number in range(4)]
    fleet.start([Entrant(name, "mlp") for name in (*broken, "numpy")], Settings())
    assert fleet.framework("numpy", Settings()).parameter_count() == 535_818
    for name in broken:
        with pytest.raises(ValueError, match=f"unknown variant '{name}'"):
            fleet.framework(name, Settings())


def test_settings_make_another_network(fleet):
    framework = fleet.framework("numpy", Settings(dtype="float32"))
    assert framework.get_parameters()["dense_1/bias"].dtype == "float32"
    assert framework.with_settings(dtype="float64").get_parameters()["dense_1/bias"].dtype == "float64"
