"""What is timed goes through its batches in turn, settles before each block, rests after it, and hides no work."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from harness.measuring import floor, timing, workload
from harness.measuring.workload import CHECKED, EPOCH, OPERATIONS, Operation, Workload
from impls.contract import NETWORKS, Settings

LABELS = np.arange(10)


class Device:
    """An implementation whose calls take a second, and ten the first time, when they are waited for.

    `hides`: what must be read before that time passes, though `synchronize` has returned: "result" or "parameters".
    """

    def __init__(self, hides=None, threads=None):
        self.settings = Settings(threads=threads)
        self.hides, self.now, self.pending, self.log = hides, 0.0, 0.0, []

    def prepare_batch(self, images, labels):
        assert len(images) == len(labels)
        return tuple(labels)

    def train_step(self, given):
        self.now += 0.25
        self.pending += 0.75 if self.log else 9.75
        self.log.append(given)
        return self

    predict_step = multiply = stream = train_step

    def preprocess(self, images):
        return self.train_step(images.shape)

    def fit(self, images, labels, epochs, on_epoch):
        self.log.append((len(images), len(labels)))
        for epoch in range(1, epochs + 1):
            self.now += 10.0 if epoch == 1 else 1.0
            on_epoch(epoch, 0.5)

    def synchronize(self, value):
        self._read(None)

    def get_parameters(self):
        self._read("parameters")

    def __getitem__(self, index):
        assert index == (0, 0)  # which is there in a batch of one, too
        return self

    def __float__(self):
        self._read("result")
        return 0.5

    def _read(self, what):
        if self.hides in (None, what):
            self.now, self.pending = self.now + self.pending, 0.0

    def rest(self):
        self.log.append("rest")

    def clock(self):
        return self.now


@pytest.fixture
def work(monkeypatch):
    """A `Workload` on a device, with the device's clock; `images` of them, labelled 0 to 9 over and over."""

    def work(device, *operation, images=10, **options):
        on_its_clock = ("once", "durations", "laps", "check_synchronize")
        fakes = {name: partial(getattr(timing, name), clock=device.clock) for name in on_its_clock}
        monkeypatch.setattr(workload, "timing", SimpleNamespace(**fakes, come_to_rest=device.rest))
        pixels = np.broadcast_to(np.uint8(0), (images, 28, 28))
        return Workload(device, Operation(*operation, **options), pixels, np.resize(LABELS, images))

    return work


def test_each_call_takes_the_next_batch_and_after_the_last_one_the_first(work):
    device = Device()
    work(device, "train_step", 4, rounds=4, settle=0.0).block()
    a, b = (0, 1, 2, 3), (4, 5, 6, 7)
    assert device.log == [a, b, a, b, a, "rest"]  # the first is not counted


@pytest.mark.parametrize(("size", "batches"), [(1, 64), (32, 64), (128, 64), (512, 16), (10_000, 1)])
def test_batches_are_all_different_as_far_as_some_thousand_images_go(work, size, batches):
    device = Device()
    prepared = []
    device.prepare_batch = lambda images, labels: prepared.append((len(images), len(labels)))
    work(device, "train_step", size, rounds=1, images=60_000)
    assert prepared == [(size, size)] * batches


def test_a_block_begins_with_untimed_calls_that_last_as_long_as_it_takes_to_settle(work):
    device = Device()
    assert work(device, "predict_step", 4, rounds=3, settle=12.5).block() == [1.0] * 3
    assert len(device.log) == 4 + 3 + 1  # 10 seconds and three times one are untimed, and there is the rest


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_operation_settles_and_whoever_was_measured_leaves_the_machine_at_rest(work, operation):
    assert operation.settle > 0.07
    device = Device()
    assert work(device, *operation).block() == [1.0] * operation.rounds
    assert device.log.index("rest") == len(device.log) - 1


def test_the_first_epoch_is_not_counted_and_trains_on_as_many_images_as_the_others(work):
    device = Device()
    fit = work(device, "fit", 6, rounds=2)
    assert fit.block() == [1.0, 1.0]
    assert fit.epochs(3) == [10.0, 1.0, 1.0]
    assert device.log == [(6, 6), "rest", (6, 6)]


@pytest.mark.parametrize(("method", "given"), [("preprocess", (4, 28, 28)), ("multiply", 4)])
def test_preprocessing_gets_images_and_the_floor_its_size(work, method, given):
    device = Device()
    work(device, method, 4, rounds=1, settle=0.0).block()
    assert device.log == [given, given, "rest"]


@pytest.mark.parametrize("method", ["train_step", "predict_step", "preprocess", floor.OPERATIONS[0].method])
def test_compiling_is_done_before_the_first_block_and_the_machine_left_at_rest(work, method):
    device = Device()
    prepared = work(device, method, 4, rounds=3)
    prepared.warm_up()
    assert device.now >= 10.0
    assert device.log.index("rest") == len(device.log) - 1
    assert prepared.block() == [1.0] * 3


@pytest.mark.parametrize(
    ("method", "hides"), [("train_step", "result"), ("train_step", "parameters"), ("predict_step", "result")]
)
def test_work_that_is_done_only_when_its_results_are_read_is_caught(work, method, hides):
    with pytest.raises(timing.Unmeasurable, match="does not wait: 400%"):
        work(Device(hides), method, 4, rounds=3, blocks=1).warm_up()


@pytest.mark.parametrize(("rounds", "blocks", "calls"), [(2, 60, CHECKED), (3, 3, 9)])
def test_it_is_many_short_calls_whose_result_is_read(work, monkeypatch, rounds, blocks, calls):
    """Beside two steps, a copy of the parameters takes long."""
    checked = []
    monkeypatch.setattr(timing, "check_synchronize", lambda *arguments, **_: checked.append(arguments[-1]))
    work(Device(), "train_step", 4, rounds=rounds, blocks=blocks).warm_up()
    assert checked == [calls]


def test_one_thread_alone_need_not_be_waited_for(work):
    device = Device(threads=1)
    work(device, "train_step", 4, rounds=2, settle=0.0).block()
    assert "rest" not in device.log


def test_an_epoch_warms_up_by_itself(work):
    device = Device()
    work(device, "fit", 6, rounds=1).warm_up()
    assert device.log == []


def test_operations_are_called_by_their_method_and_batch():
    steps = [f"train_step-{size}" for size in (32, 128, 512)] + [f"predict_step-{size}" for size in (1, 128, 10_000)]
    assert [str(operation) for operation in OPERATIONS] == [*steps, "preprocess-10000", "fit-epoch"]
    assert str(EPOCH._replace(batch_size=3200)) == "fit-3200"


def test_a_heavy_network_is_measured_in_fewer_rounds_and_not_on_all_images_at_once():
    light, heavy = NETWORKS["mlp"], NETWORKS["cnn"]
    assert [operation.scaled_to(light) for operation in OPERATIONS] == list(OPERATIONS)
    scaled = {str(operation): operation.scaled_to(heavy) for operation in OPERATIONS}
    assert scaled["train_step-128"] == Operation("train_step", 128, rounds=3)
    assert scaled["predict_step-10000"] == Operation("predict_step", 1000, rounds=1)
    assert scaled["preprocess-10000"].batch_size == 10_000, "which does not depend on the network"
    assert scaled["fit-epoch"] == EPOCH
