"""An operation uses its inputs in turn, warms up before each block, rests after it, and hides no work."""

import numpy as np
import pytest

from harness.measuring import timing
from harness.measuring.workload import EPOCH, OPERATIONS, Operation, block, prepare
from impls.contract import NETWORKS, Settings

STEP = Operation("train_step", 4, rounds=3, warm_up=0.0)


class Device:
    """An implementation on which a call takes a second, and the first one ten, once it is waited for.

    `hides`: what must be read before that time passes, though `synchronize` has returned: "result" or "parameters".
    """

    def __init__(self, hides=None, threads=None):
        self.settings = Settings(threads=threads)
        self.hides, self.now, self.pending, self.log = hides, 0.0, 0.0, []

    def prepare_batch(self, images, labels):
        return tuple(labels)

    def train_step(self, given):
        self.now += 0.25
        self.pending += 0.75 if self.log else 9.75
        self.log.append(given)
        return self

    predict_step = train_step

    def preprocess(self, images):
        return self.train_step(images.shape)

    def fit(self, images, labels, epochs, on_epoch):
        self.log.append((len(images), len(labels)))
        for epoch in range(epochs):
            self.now += 1.0 if epoch else 10.0
            on_epoch(epoch, 0.5)

    def synchronize(self, value=None):
        self.pass_time(None)

    def get_parameters(self):
        self.pass_time("parameters")

    def __float__(self):
        self.pass_time("result")
        return 0.5

    def pass_time(self, what):
        if self.hides in (None, what):
            self.now, self.pending = self.now + self.pending, 0.0


@pytest.fixture
def ready(monkeypatch):
    """Return a function that prepares an operation of ten images on a device with a clock."""

    def ready(device, operation, **options):
        monkeypatch.setattr(timing, "perf_counter", lambda: device.now)
        monkeypatch.setattr(timing, "come_to_rest", lambda: device.log.append("rest"))
        prepare(device, operation, np.zeros((10, 28, 28), np.uint8), np.arange(10), **options)
        return device

    return ready


def test_calls_use_the_batches_in_turn(ready):
    device = ready(Device(), STEP, check=False)
    block(device)
    a, b = (0, 1, 2, 3), (4, 5, 6, 7)
    assert device.log == [a, "rest", b, a, b, a, "rest"]


@pytest.mark.parametrize(("warm_up", "untimed"), [(0.0, 1), (2.5, 3)])  # calls of 1 s
def test_block_warms_up_and_leaves_the_machine_at_rest(ready, warm_up, untimed):
    device = ready(Device(), STEP._replace(warm_up=warm_up), check=False)
    before = len(device.log)
    assert block(device) == [1.0] * STEP.rounds
    assert device.log[before:].index("rest") == len(device.log[before:]) - 1 == untimed + STEP.rounds


def test_one_thread_leaves_no_others_to_wait_for(ready):
    device = ready(Device(threads=1), STEP, check=False)
    block(device)
    assert device.log[-1] != "rest"


def test_first_epoch_of_a_fit_is_not_counted(ready):
    device = ready(Device(), Operation("fit", 6, rounds=2, prepared=False))
    assert device.log == []
    assert block(device) == [1.0, 1.0]
    assert device.log == [(6, 6), "rest"]


@pytest.mark.parametrize(
    ("method", "hides"), [("train_step", "result"), ("train_step", "parameters"), ("predict_step", "result")]
)
def test_work_that_is_done_when_it_is_read_is_refused(ready, method, hides):
    with pytest.raises(timing.Unmeasurable, match="400%"):
        ready(Device(hides), STEP._replace(method=method, blocks=1))


def test_heavy_network_has_fewer_rounds_and_images():
    light, heavy = NETWORKS["mlp"], NETWORKS["cnn"]
    assert [operation.scaled_to(light) for operation in OPERATIONS] == list(OPERATIONS)
    scaled = {str(operation): operation.scaled_to(heavy) for operation in OPERATIONS}
    assert scaled["train_step-128"][:3] == ("train_step", 128, 3)
    assert scaled["predict_step-10000"][:3] == ("predict_step", 1000, 1)
    assert scaled["preprocess-10000"].batch_size == 10_000, "which does not depend on the network"
    assert scaled["fit-epoch"] == EPOCH
