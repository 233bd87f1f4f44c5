"""A launch measures both versions within the same milliseconds, and each quantity is what its name says."""

import time

import numpy as np
import pytest

from harness.regression.launch import EPOCHS, FITS, FITTING, IMPORTS, QUANTITIES, STARTING, STEPS, TURNS, measure
from harness.regression.pair import Pair
from impls.contract import Settings
from tests.fakes import FakeWorker, SpoiledNumpy


@pytest.fixture
def launched(dataset):
    """Both sides of a launch of two fakes; what they were asked is noted in `asked`, as (side, command)."""

    def launched(wanted=QUANTITIES, baseline=None, candidate=None, asked=None, variant="numpy"):
        workers = (baseline or FakeWorker(), candidate or FakeWorker())
        for side, worker in enumerate(workers):
            answer = worker.answer

            def call(*command, side=side, answer=answer):
                if asked is not None:
                    asked.append((side, command[0]))
                return answer(*command)

            worker.answer = call
        return measure(Pair(variant, Settings(), dataset, workers), wanted, 0)

    return launched


def test_everything_that_can_be_wanted_is_measured(launched):
    for launch in launched():
        assert {*launch.values, *launch.blocks} == set(QUANTITIES)
    assert set(QUANTITIES) == {*STEPS, *STARTING, *FITTING, "kept-by-call"}


def test_what_is_not_wanted_is_not_measured_but_every_launch_starts(launched):
    launch, _ = launched(wanted=["import"])
    assert {*launch.values, *launch.blocks} == set(STARTING)


@pytest.mark.parametrize("variant", ["numpy", "pytorch", "keras-jax"])
def test_the_first_step_holds_the_import_and_the_building(launched, variant):
    """A fake takes its seconds for each of the three."""
    baseline, candidate = launched(baseline=FakeWorker(1.0), candidate=FakeWorker(2.0), variant=variant)
    assert (set(baseline.blocks["import"]), set(candidate.blocks["import"])) == ({1.0}, {2.0})
    assert (baseline.values["first-step"], candidate.values["first-step"]) == (3.0, 6.0)


@pytest.mark.parametrize(("variant", "expected"), [("numpy", ["numpy_seconds"] * IMPORTS), ("jax", ["import_seconds"])])
def test_numpy_which_every_worker_has_is_imported_by_processes_of_its_own(launched, variant, expected):
    asked = []
    launched(wanted=["import"], asked=asked, variant=variant)
    imports = [each for each in asked if each[1] in ("numpy_seconds", "import_seconds")]
    assert sorted(imports) == [(side, command) for side in (0, 1) for command in expected]


class Growing(FakeWorker):
    """The first epoch of a fit takes 2 s, of the first fit 5 s, the last 3 s, all others 1 s; each keeps 1000 bytes.

    The first fit keeps 2,000,000 bytes more.
    """

    fits = 0

    def of_fit(self, images, labels, epochs, begin):
        self.fits += 1
        first = 5.0 if self.fits == 1 else 2.0
        return [first] + [1.0] * (epochs - 2) + [3.0], 2_000_000 + 1000 * epochs * self.fits


def test_the_first_epoch_is_one_quantity_those_within_another_and_the_last_is_not_counted(launched):
    """In the last, who is slower has the processor's caches to itself at the end."""
    launch, _ = launched(baseline=Growing())
    assert launch.values["first-fit"] == 5.0
    assert launch.blocks["fit-3200"] == [1.0] * (EPOCHS - 2) * FITS


def test_what_each_further_epoch_keeps_is_told_not_what_the_first_fit_does(launched):
    launch, _ = launched(baseline=Growing())
    assert launch.values["kept-by-epoch"] == 1000


def test_both_begin_a_fit_at_one_moment_that_is_to_come_when_they_are_told(launched):
    moments = {}

    class Timed(FakeWorker):
        def of_fit(self, images, labels, epochs, begin):
            moments.setdefault(self, []).append(begin)
            assert begin > time.monotonic()
            return super().of_fit(images, labels, epochs, begin)

    launched(wanted=FITTING, baseline=Timed(), candidate=Timed())
    one, other = moments.values()
    assert one == other
    assert len(set(one)) == FITS


class Leaking(FakeWorker):
    """Keeps 100 bytes in each call of a block, timed or not."""

    held = 0

    def answer(self, command, *arguments):
        if command == "in_use":
            return self.held
        if command == "block":
            self.held += 100 * (self.operation.rounds + 1)
        return super().answer(command, *arguments)


def test_what_a_prediction_keeps_is_told_by_the_call(launched):
    launch, other = launched(baseline=Leaking())
    assert (launch.values["kept-by-call"], other.values["kept-by-call"]) == (100, 0)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_that_synchronize_waits_is_checked_in_the_first_launch(dataset, number):
    checks = []

    class Checked(FakeWorker):
        def answer(self, command, *arguments):
            if command == "prepare":
                checks.append(arguments[-1])
            return super().answer(command, *arguments)

    measure(Pair("numpy", Settings(), dataset, (Checked(), Checked())), QUANTITIES, number)
    assert checks == [number == 0] * 2 * len(STEPS)


def test_peaks_of_memory_are_those_after_the_first_step_and_after_fit(launched):
    class Rising(FakeWorker):
        peak = 0

        def answer(self, command, *arguments):
            self.peak += {"build": 1, "first_step": 2, "of_fit": 4, "prepare": 8}.get(command, 0)
            return self.peak if command == "peak_memory" else super().answer(command, *arguments)

    launch, _ = launched(baseline=Rising())
    assert (launch.values["peak-memory"], launch.values["fit-memory"]) == (3, 3 + 4 * FITS)


def test_where_the_system_does_not_tell_memory_there_are_no_values_of_it(launched):
    silent = FakeWorker(in_use=None, peak_memory=None, of_fit=([1.0] * EPOCHS, None))
    launch, _ = launched(baseline=silent, candidate=silent)
    assert not {"peak-memory", "fit-memory", "kept-by-epoch", "kept-by-call"} & set(launch.values)


def test_a_block_is_the_mean_of_its_calls(launched):
    """What comes with every tenth call counts: a median would not see it."""

    class Uneven(FakeWorker):
        def block(self):
            return [1.0] * (self.operation.rounds - 1) + [1.0 + self.operation.rounds]

    launch, _ = launched(baseline=Uneven())
    assert launch.blocks["predict_step-128"] == [2.0] * STEPS["predict_step-128"].blocks


def test_steps_are_taken_in_turns_and_nobody_always_follows_the_other(launched):
    asked = []
    launched(wanted=["train_step-128"], asked=asked)
    sides = [side for side, command in asked if command == "block"]
    assert sides[:8] == [0, 1, 1, 0, 1, 0, 0, 1]
    assert len(sides) == 2 * STEPS["train_step-128"].blocks


def test_who_is_slow_takes_fewer_turns(launched, monkeypatch):
    monkeypatch.setattr("harness.regression.launch.SECONDS", 0.0)
    launch, other = launched(baseline=Leaking(), candidate=Leaking())
    for step in STEPS:
        assert len(launch.blocks[step]) == len(other.blocks[step]) == TURNS
    assert (launch.values["kept-by-call"], other.values["kept-by-call"]) == (100, 100)


def test_no_moment_becomes_a_denormal_number_in_a_launch(dataset):
    """With such numbers, a processor is slow."""
    baseline = SpoiledNumpy()
    measure(Pair("numpy", Settings(), dataset, (baseline, FakeWorker())), [*FITTING, "train_step-128"], 0)
    moments = np.concatenate([array.ravel() for of_all in baseline.run("get_moments") for array in of_all.values()])
    assert not (np.abs(moments[moments != 0]) < np.finfo(np.float32).tiny).any()
