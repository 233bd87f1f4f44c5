"""A duration is what lies between the start of an operation and the device's word that it is done, and nothing else."""

import pytest

from harness.timing import durations


class Machine:
    """A clock and a device in one: an operation is only started by `step` and done by `synchronize`."""

    def __init__(self, step_seconds=0.0, device_seconds=1.0):
        self.now, self.pending, self.calls = 0.0, 0.0, 0
        self.step_seconds, self.device_seconds = step_seconds, device_seconds

    def step(self):
        self.calls += 1
        self.now += self.step_seconds
        self.pending += self.device_seconds * (10 if self.calls == 1 else 1)  # the first call compiles

    def synchronize(self):
        self.now += self.pending
        self.pending = 0.0

    def clock(self):
        return self.now


def measure(machine, rounds=5, warmup=2):
    return durations(machine.step, machine.synchronize, rounds, warmup, machine.clock)


def test_work_that_the_device_does_later_is_counted():
    assert measure(Machine(step_seconds=0.25, device_seconds=1.0)) == [1.25] * 5


def test_the_first_call_is_not_among_the_samples():
    assert measure(Machine(), warmup=1) == [1.0] * 5
    assert measure(Machine(), warmup=0)[0] == 10.0


def test_every_round_and_every_warmup_is_one_call():
    machine = Machine()
    assert len(measure(machine, rounds=7, warmup=3)) == 7
    assert machine.calls == 10


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_sample_of_zero_or_below_is_an_error(seconds):
    with pytest.raises(RuntimeError, match="cannot be trusted"):
        measure(Machine(device_seconds=seconds))


@pytest.mark.parametrize(("rounds", "warmup"), [(0, 0), (-1, 0), (1, -1)])
def test_rounds_and_warmup(rounds, warmup):
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        measure(Machine(), rounds, warmup)
