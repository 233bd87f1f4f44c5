"""A duration is the time from the start of a call to the device's word that it is done, and nothing else."""

import gc
from contextlib import nullcontext

import pytest

from harness.measuring import timing
from harness.measuring.timing import LOOKS, Unmeasurable, check_synchronize, come_to_rest, durations, laps, once


class Machine:
    """A clock and a device in one: `call` only starts the work, which `synchronize` waits for. The first compiles."""

    def __init__(self, call_seconds=0.0, device_seconds=1.0, honest=True, read_seconds=(0.5,) * 10):
        self.now, self.pending, self.collecting = 0.0, 0.0, []
        self.call_seconds, self.device_seconds, self.honest = call_seconds, device_seconds, honest
        self.read_seconds = iter(read_seconds)

    def call(self):
        self.now += self.call_seconds
        self.pending += self.device_seconds * (1 if self.collecting else 10)
        self.collecting.append(gc.isenabled())

    def synchronize(self, force=False):
        if self.honest or force:
            self.now, self.pending = self.now + self.pending, 0.0

    def read(self):
        self.synchronize(force=True)
        self.now += next(self.read_seconds)


@pytest.fixture
def machine(monkeypatch):
    """Return a function that makes a machine, whose clock is that of all measurements from then on."""

    def machine(*arguments, **options):
        made = Machine(*arguments, **options)
        monkeypatch.setattr(timing, "perf_counter", lambda: made.now)
        return made

    return machine


def refusal(refused):
    return pytest.raises(Unmeasurable) if refused else nullcontext()


def test_work_that_the_device_does_later_is_counted(machine):
    assert durations(machine(call_seconds=0.25), 5) == [1.25] * 5


@pytest.mark.parametrize(("warm_up", "untimed"), [(0.0, 1), (10.0, 1), (12.5, 4)])
def test_untimed_calls_fill_the_time_of_warm_up(machine, warm_up, untimed):
    device = machine()
    assert durations(device, 7, warm_up) == [1.0] * 7
    assert len(device.collecting) == untimed + 7  # the first takes 10 seconds, each other one


@pytest.mark.parametrize(("calls", "seconds"), [(0, 10.0), (1, 1.0)])
def test_one_call_includes_its_compiling_but_not_earlier_work(machine, calls, seconds):
    device = machine()
    for _ in range(calls):
        device.call()
    assert once(device) == seconds


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collector_is_off_while_timing(machine, enabled):
    device = machine()
    (gc.enable if enabled else gc.disable)()
    try:
        durations(device, 5)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
    assert not any(device.collecting)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_duration_of_zero_or_below_is_refused(machine, seconds):
    with pytest.raises(Unmeasurable):
        once(machine(device_seconds=seconds))


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"read_seconds": [0.01] * 2}, False),
        ({"read_seconds": [100.0] * 2}, False),
        ({"read_seconds": [500.0] + [0.5] * 3}, False),  # one delayed read is no proof
        ({"honest": False}, True),
        ({"honest": False, "device_seconds": 0.09}, False),  # a tenth of the call is the limit
        ({"honest": False, "device_seconds": 0.11}, True),
    ],
    ids=["waits", "slow to read", "one slow read", "does not wait", "hides 9 %", "hides 11 %"],
)
def test_synchronize_must_wait(machine, options, refused):
    with refusal(refused):
        check_synchronize(machine(call_seconds=1.0, **options), 100)


def test_laps_lie_between_the_calls_of_on_lap(machine):
    device = machine()

    def run(on_lap):
        for seconds in (3.0, 1.0, 2.0):
            device.now += seconds
            on_lap(1, 0.5)

    assert laps(run) == [3.0, 1.0, 2.0]


@pytest.mark.parametrize(("spins", "share", "at_rest"), [(0, 1.0, True), (10, 0.6, True), (1000, 1.0, False)])
def test_come_to_rest_waits_while_threads_spin(monkeypatch, spins, share, at_rest):
    """A process spins while it uses more than half of a processor."""
    used = [0.0]

    def wait(seconds):
        used.append(used[-1] + seconds * (share if len(used) <= spins else 0.4))

    monkeypatch.setattr(timing, "process_time", lambda: used[-1])
    monkeypatch.setattr(timing, "sleep", wait)
    with refusal(not at_rest):
        come_to_rest()
    assert len(used) - 1 == min(spins + 1, LOOKS)
