"""A pair measures both versions within the same milliseconds, and each quantity is what its name says."""

import time

import numpy as np
import pytest

from harness.measuring.workload import Operation
from harness.regression import pair_run as module
from harness.regression.pair import Pair
from harness.regression.pair_run import BLOCKS, EPOCHS, FITS, IMPORTS, QUANTITIES, SYNC_DELAY, Quantity, measure
from impls.contract import Settings
from tests.fakes import FakeWorker, PatchedNumpy


@pytest.fixture
def measured(dataset):
    """Return a function that gives quantity -> values of both sides, as measured in a pair of two fakes."""

    def measured(baseline=None, candidate=None, wanted=QUANTITIES, variant="numpy", number=0):
        workers = (baseline or FakeWorker(), candidate or FakeWorker())
        return measure(Pair(variant, Settings(), dataset, workers), wanted, number).measured

    return measured


def test_several_candidates_are_measured_with_the_baseline(dataset):
    workers = [FakeWorker(seconds) for seconds in (1.0, 2.0, 3.0)]
    found = measure(Pair("numpy", Settings(), dataset, workers), QUANTITIES, 0).measured
    assert found.keys() == QUANTITIES.keys()
    assert [set(side) for side in found["train_step-128"]] == [{1.0}, {2.0}, {3.0}]
    assert {len(sides) for sides in found.values()} == {3}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_quantity_is_measured_if_wanted_alone_and_every_pair_starts_alike(measured, quantity):
    log = []
    found = measured(FakeWorker(log=log), wanted=[quantity])
    measured_with_it = {name for name, each in QUANTITIES.items() if each.measure == QUANTITIES[quantity].measure}
    assert found.keys() == measured_with_it
    assert [command for _, command, *_ in log].count("first_step") == 1


@pytest.mark.parametrize("number", [0, 1])
def test_sides_take_turns_and_the_first_pair_checks_the_clock(measured, number):
    log = []
    measured(FakeWorker(name="a", log=log), FakeWorker(name="b", log=log), wanted=["train_step-128"], number=number)
    assert "".join(name for name, command, *_ in log if command == "block").startswith("abbabaab")
    assert {arguments[-1] for _, command, *arguments in log if command == "prepare"} == {number == 0}


def test_new_quantity_is_one_entry(measured, monkeypatch):
    operation = Operation("train_step", 32, rounds=1, blocks=2, warm_up=0)
    monkeypatch.setitem(QUANTITIES, "train_step-32", Quantity(operation))
    assert measured(wanted=["train_step-32"])["train_step-32"] == ([1.0] * 2, [1.0] * 2)


@pytest.mark.parametrize(("variant", "expected"), [("numpy", ["numpy_seconds"] * IMPORTS), ("jax", ["import_seconds"])])
def test_numpy_is_imported_by_new_processes(measured, variant, expected):
    commands = []
    measured(FakeWorker(log=commands), variant=variant, wanted=["import"])
    assert [name for _, name, *_ in commands if name in ("numpy_seconds", "import_seconds")] == expected


@pytest.mark.parametrize("variant", ["numpy", "jax"])
def test_first_step_includes_import_and_building(measured, variant):
    """A fake takes its seconds for each of the three."""
    found = measured(FakeWorker(1.0), FakeWorker(2.0), variant=variant)
    assert [set(side) for side in found["import"]] == [{1.0}, {2.0}]
    assert found["first-step"] == (3.0, 6.0)


class Growing(FakeWorker):
    """The first epoch of a fit takes 2 s, of the first fit 5 s, the last 3 s, all others 1 s; each keeps 1000 bytes.

    The first fit keeps 2,000,000 bytes more.
    """

    fits = 0

    def fit_usage(self, images, labels, epochs, begin):
        self.fits += 1
        first = 5.0 if self.fits == 1 else 2.0
        return [first] + [1.0] * (epochs - 2) + [3.0], 2_000_000 + 1000 * epochs * self.fits, True


def test_epochs_of_fits_are_those_between_first_and_last(measured):
    first, later = (measured(Growing())[quantity][0] for quantity in ("first-fit", "fit-3200"))
    assert (first, later) == (5.0, [1.0] * (EPOCHS - 2) * FITS)


def test_memory_kept_by_the_first_fit_does_not_count(measured):
    assert measured(Growing())["kept-by-epoch"] == (1000, 0)


def test_fits_begin_at_one_moment_in_the_future(measured):
    commands, start = [], time.monotonic()
    measured(FakeWorker(name=0, log=commands), FakeWorker(name=1, log=commands), wanted=["first-fit"])
    moments = [arguments[-1] for _, command, *arguments in commands if command == "fit_usage"]
    assert min(moments) >= start + SYNC_DELAY
    assert len(moments) == 2 * len(set(moments)) == 2 * FITS


def test_fit_that_began_late_does_not_count(measured):
    late = FakeWorker(fit_usage=([1.0] * EPOCHS, 900, False))
    assert measured(candidate=late, wanted=["first-fit", "kept-by-epoch"]) == {}


class Leaking(FakeWorker):
    """Keeps 100 bytes in each call of a block, timed or not. The first call of a block takes 2 s more."""

    held = 0

    def answer(self, command, *arguments):
        if command == "block":
            self.held += 100 * (self.operation.rounds + 1)
        return self.held if command == "in_use" else super().answer(command, *arguments)

    def block(self):
        return [3.0] + [1.0] * (self.operation.rounds - 1)


@pytest.mark.parametrize(("seconds", "turns"), [(1e3, 400), (0.0, BLOCKS)])
def test_steps_end_with_the_time(measured, monkeypatch, seconds, turns):
    monkeypatch.setattr(module, "SECONDS", seconds)
    found = measured(Leaking())
    assert found["predict_step-1"][0] == [2.0] * turns  # the mean of the calls of each block
    assert found["kept-by-call"] == (100, 0)


def test_peak_memory_is_that_after_first_step_and_after_fit(measured):
    class Rising(FakeWorker):
        peak = 0

        def answer(self, command, *arguments):
            self.peak += {"build": 1, "first_step": 2, "fit_usage": 4, "prepare": 8}.get(command, 0)
            return self.peak if command == "peak_memory" else super().answer(command, *arguments)

    found = measured(Rising())
    assert (found["peak-memory"][0], found["fit-memory"][0]) == (3, 3 + 4 * FITS)


@pytest.mark.long
def test_no_moment_of_adam_becomes_denormal(measured):
    """With such numbers, a processor is slow."""
    baseline = PatchedNumpy()
    measured(baseline, wanted=["first-fit", "train_step-128"])
    moments = np.concatenate([array.ravel() for of_all in baseline.run("get_moments") for array in of_all.values()])
    assert not (np.abs(moments[moments != 0]) < np.finfo(np.float32).tiny).any()
