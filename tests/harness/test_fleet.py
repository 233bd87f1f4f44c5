"""A fleet gives a fresh worker for a dead one, and remembers what cannot be built."""

import traceback
from pathlib import Path

import psutil
import pytest

from harness.workers.fleet import Fleet
from impls import Entrant
from impls.contract import Settings


@pytest.fixture
def fleet():
    fleet = Fleet(on_event=lambda *_: None)
    yield fleet
    fleet.close()


def test_a_worker_that_died_while_idle_is_replaced(fleet):
    framework = fleet.framework("numpy", Settings())
    process = fleet.homes["numpy"].process
    folder = Path(fleet.homes["numpy"].folder)
    assert folder.exists()
    process.kill()
    process.wait()
    assert fleet.framework("numpy", Settings()).parameter_count() == 535_818
    assert framework.parameter_count() == 535_818
    assert not psutil.pid_exists(process.pid)
    assert not folder.exists()


def test_what_cannot_be_built_is_not_tried_again(fleet):
    with pytest.raises(ValueError, match="unknown variant 'nothing'"):
        fleet.framework("nothing", Settings())
    worker = fleet.homes["nothing"]
    with pytest.raises(ValueError, match="unknown variant 'nothing'"):
        fleet.framework("nothing", Settings())
    assert fleet.homes["nothing"] is worker


def test_an_error_does_not_grow_with_those_that_ask(fleet):
    lengths = set()
    for _ in range(3):
        try:
            fleet.framework("nothing", Settings())
        except ValueError as error:
            lengths.add(len(traceback.format_exception(error)))
    assert len(lengths) == 1


def test_of_many_that_start_the_broken_ones_are_told_when_they_are_asked_for(fleet):
    broken = [f"broken-{number}" for number in range(4)]
    fleet.start([Entrant(name, "mlp") for name in (*broken, "numpy")], Settings())
    assert fleet.framework("numpy", Settings()).parameter_count() == 535_818
    for name in broken:
        with pytest.raises(ValueError, match=f"unknown variant '{name}'"):
            fleet.framework(name, Settings())


def test_other_settings_are_another_network(fleet):
    framework = fleet.framework("numpy", Settings(dtype="float32"))
    assert framework.get_parameters()["dense_1/bias"].dtype == "float32"
    assert framework.with_settings(dtype="float64").get_parameters()["dense_1/bias"].dtype == "float64"
