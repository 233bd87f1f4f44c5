"""A duration is the time from the start of a call to the device's word that it is done, and nothing else."""

import gc
from contextlib import nullcontext

import pytest

from harness.measuring.timing import LOOKS, Unmeasurable, check_synchronize, come_to_rest, durations, laps, once


class Machine:
    """A clock and a device in one: `call` only starts the work, which `synchronize` waits for. The first compiles."""

    def __init__(self, call_seconds=0.0, device_seconds=1.0, honest=True, read_seconds=(0.5,) * 10):
        self.now, self.pending, self.calls = 0.0, 0.0, 0
        self.call_seconds, self.device_seconds, self.honest = call_seconds, device_seconds, honest
        self.read_seconds = iter(read_seconds)
        self.collecting = []

    def call(self):
        self.calls += 1
        self.collecting.append(gc.isenabled())
        self.now += self.call_seconds
        self.pending += self.device_seconds * (10 if self.calls == 1 else 1)

    def synchronize(self):
        if self.honest:
            self.finish()

    def read(self):
        self.finish()
        self.now += next(self.read_seconds)

    def finish(self):
        self.now, self.pending = self.now + self.pending, 0.0

    def clock(self):
        return self.now


def measure(machine, rounds=5, settle=0.0):
    return durations(machine, rounds, settle, machine.clock)


def test_work_that_the_device_does_later_is_counted():
    assert measure(Machine(call_seconds=0.25)) == [1.25] * 5


@pytest.mark.parametrize(("settle", "untimed"), [(0.0, 1), (10.0, 1), (12.5, 4)])
def test_untimed_calls_fill_the_time_to_settle(settle, untimed):
    machine = Machine()
    assert measure(machine, 7, settle) == [1.0] * 7
    assert machine.calls == untimed + 7  # the first takes 10 seconds, each other one


def test_work_of_an_earlier_call_is_not_counted():
    machine = Machine()
    machine.call()
    assert once(machine, machine.clock) == 1.0


def test_first_call_is_timed_with_its_compiling():
    machine = Machine()
    assert once(machine, machine.clock) == 10.0


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collector_is_off_while_timing(enabled):
    machine = Machine()
    (gc.enable if enabled else gc.disable)()
    try:
        measure(machine)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
    assert not any(machine.collecting)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_duration_of_zero_or_below_is_refused(seconds):
    with pytest.raises(Unmeasurable):
        measure(Machine(device_seconds=seconds))


@pytest.mark.parametrize(
    ("machine", "refused"),
    [
        (Machine(call_seconds=0.01, read_seconds=[0.01] * 2), False),
        (Machine(call_seconds=0.01, read_seconds=[100.0] * 2), False),
        (Machine(call_seconds=0.01, honest=False), True),
        (Machine(call_seconds=0.01, read_seconds=[100.0] + [0.5] * 3), False),  # one delayed read is no proof
    ],
    ids=["waits", "slow to read", "does not wait", "one slow read"],
)
def test_synchronize_must_wait(machine, refused):
    with pytest.raises(Unmeasurable) if refused else nullcontext():
        check_synchronize(machine, 5, machine.clock)


@pytest.mark.parametrize(("hidden", "refused"), [(0.09, False), (0.11, True)])
def test_synchronize_may_hide_a_tenth(hidden, refused):
    machine = Machine(call_seconds=1.0, device_seconds=hidden, honest=False)
    machine.call()
    machine.read()  # compiled
    with pytest.raises(Unmeasurable) if refused else nullcontext():
        check_synchronize(machine, 100, machine.clock)


def test_laps_lie_between_the_calls_of_on_lap():
    machine = Machine()

    def run(on_lap):
        for seconds in (3.0, 1.0, 2.0):
            machine.now += seconds
            on_lap(1, 0.5)

    assert laps(run, machine.clock) == [3.0, 1.0, 2.0]


def test_run_without_laps_is_refused():
    with pytest.raises(Unmeasurable):
        laps(lambda on_lap: None, Machine().clock)


@pytest.mark.parametrize(
    ("spins", "share", "at_rest"), [(0, 1.0, True), (10, 1.0, True), (10, 0.6, True), (1000, 1.0, False)]
)
def test_come_to_rest_waits_while_threads_spin(spins, share, at_rest):
    """A process spins while it uses more than half of a processor."""

    class Process:
        cpu, waits = 0.0, 0

        def wait(self, seconds):
            self.waits += 1
            self.cpu += seconds * (share if self.waits <= spins else 0.4)

    process = Process()
    with nullcontext() if at_rest else pytest.raises(Unmeasurable):
        come_to_rest(lambda: process.cpu, process.wait)
    assert process.waits == min(spins + 1, LOOKS)
