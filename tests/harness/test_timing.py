"""A duration is what lies between the start of an operation and the device's word that it is done, and nothing else."""

import gc
from contextlib import nullcontext

import pytest

from harness.measuring import timing


class Machine:
    """A clock and a device in one: an operation is only started by `step` and done by `synchronize`."""

    def __init__(self, step_seconds=0.0, device_seconds=1.0, honest=True, read_seconds=0.5):
        self.now, self.pending, self.calls = 0.0, 0.0, 0
        self.step_seconds, self.device_seconds = step_seconds, device_seconds
        self.honest = honest
        self.read_seconds = read_seconds
        self.collecting = []

    def step(self):
        self.calls += 1
        self.collecting.append(gc.isenabled())
        self.now += self.step_seconds
        self.pending += self.device_seconds * (10 if self.calls == 1 else 1)  # the first call compiles

    def synchronize(self):
        if self.honest:
            self._finish()

    def read(self):
        self._finish()
        self.now += self.read_seconds

    def _finish(self):
        self.now += self.pending
        self.pending = 0.0

    def clock(self):
        return self.now


def measure(machine, rounds=5, **settle):
    return timing.durations(machine.step, machine.synchronize, rounds, clock=machine.clock, **settle)


def check(machine, rounds=5):
    timing.check_synchronize(machine.step, machine.synchronize, machine.read, rounds, machine.clock)


def test_work_that_the_device_does_later_is_counted():
    assert measure(Machine(step_seconds=0.25, device_seconds=1.0)) == [1.25] * 5


def test_the_first_call_is_never_among_the_samples():
    assert measure(Machine()) == [1.0] * 5


@pytest.mark.parametrize(
    ("settle", "untimed"), [({}, 1), ({"settle": 5.0}, 1), ({"settle": 10.0}, 1), ({"settle": 12.5}, 4)]
)
def test_untimed_calls_fill_the_time_to_settle(settle, untimed):
    machine = Machine()
    assert len(measure(machine, rounds=7, **settle)) == 7
    assert machine.calls == untimed + 7  # the first takes 10 seconds, each other one


def test_work_that_was_left_by_an_earlier_call_is_not_counted():
    machine = Machine()
    machine.step()
    assert timing.once(machine.step, machine.synchronize, machine.clock) == 1.0


def test_one_call_is_timed_with_its_compiling():
    machine = Machine()
    assert timing.once(machine.step, machine.synchronize, machine.clock) == 10.0


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_off_while_timing_and_as_before_after_it(enabled):
    machine = Machine()
    (gc.enable if enabled else gc.disable)()
    try:
        measure(machine)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
    assert not any(machine.collecting)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_sample_of_zero_or_below_is_an_error(seconds):
    machine = Machine(device_seconds=seconds)
    with pytest.raises(RuntimeError, match="cannot be trusted"):
        measure(machine)


@pytest.mark.parametrize(("rounds", "settle"), [(0, 0), (-1, 0), (1, -1)])
def test_rounds_and_settle(rounds, settle):
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        measure(Machine(), rounds, settle=settle)


@pytest.mark.parametrize("read_seconds", [0.01, 100.0])
def test_a_device_that_waits_passes_the_check_however_long_it_takes_to_read(read_seconds):
    check(Machine(step_seconds=0.01, read_seconds=read_seconds))


def test_a_synchronize_that_does_not_wait_is_caught():
    with pytest.raises(RuntimeError, match=r"synchronize\(\) does not wait: \d+% of the measured time came on top"):
        check(Machine(step_seconds=0.01, honest=False))


@pytest.mark.parametrize(("hidden", "refused"), [(0.09, False), (0.11, True)])
def test_a_tenth_of_the_work_hidden_is_the_limit(hidden, refused):
    machine = Machine(step_seconds=1.0, device_seconds=hidden, honest=False)
    machine.step()
    machine.read()  # compiled
    if refused:
        with pytest.raises(RuntimeError, match="does not wait"):
            check(machine, rounds=100)
    else:
        check(machine, rounds=100)


def test_one_delayed_read_is_no_proof():
    machine = Machine(step_seconds=0.01)
    reads = iter([100.0] + [0.5] * 10)

    def read():
        machine.read_seconds = next(reads)
        machine.read()

    timing.check_synchronize(machine.step, machine.synchronize, read, 5, machine.clock)


def test_laps_lie_between_the_calls_of_on_lap():
    machine = Machine()

    def run(on_lap):
        for seconds in (3.0, 1.0, 2.0):
            machine.now += seconds
            on_lap(1, 0.5)

    assert timing.laps(run, machine.clock) == [3.0, 1.0, 2.0]


def test_a_run_without_laps_is_an_error():
    with pytest.raises(RuntimeError, match="nothing was measured"):
        timing.laps(lambda on_lap: None, Machine().clock)


@pytest.mark.parametrize(
    ("spins", "share", "at_rest"), [(0, 1.0, True), (10, 1.0, True), (10, 0.6, True), (1000, 1.0, False)]
)
def test_come_to_rest_waits_while_threads_spin(spins, share, at_rest):
    """That is, while they use more than half of a processor."""

    class Process:
        cpu, waits = 0.0, 0

        def wait(self, seconds):
            self.waits += 1
            self.cpu += seconds * (share if self.waits <= spins else 0.4)

    process = Process()
    with nullcontext() if at_rest else pytest.raises(RuntimeError, match="does not come to rest"):
        timing.come_to_rest(lambda: process.cpu, process.wait)
    assert process.waits == min(spins + 1, timing.LOOKS)
