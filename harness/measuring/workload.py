"""What is timed: the operations, and the work of one of them, with its data prepared beforehand."""

import itertools
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from harness.measuring import timing
from impls.adapter import Adapter
from impls.contract import DATASET, Network, changes_state

IMAGES, BATCHES = 8192, 64  # at most, that the steps of one operation go through in turn, as those of an epoch would
CHECKED = 100  # calls, at most: reading what they have computed must take little beside them
SETTLE = 0.1  # seconds of untimed calls before a block: a process that rested is slow for up to 0.07 s


class Operation(NamedTuple):
    """A method of an implementation, the images it gets at once, and how often it is called in a campaign.

    - `rounds`: timed calls in a block, before the next variant has its turn.
    - `blocks`: in each launch of a worker.
    - `settle`: seconds of untimed calls before a block.
    """

    method: str
    batch_size: int
    rounds: int
    blocks: int = 3
    settle: float = SETTLE

    def __str__(self) -> str:
        return "fit-epoch" if self == EPOCH else f"{self.method}-{self.batch_size}"

    def scaled_to(self, network: Network) -> "Operation":
        """With fewer rounds, and no more than 1,000 images at once, if the network is heavy."""
        if network.operations <= LIGHT or not self.method.endswith("_step"):
            return self
        rounds = max(1, round(self.rounds * LIGHT / network.operations))
        return self._replace(rounds=rounds, batch_size=min(self.batch_size, 1000))


EPOCH = Operation("fit", DATASET.train, rounds=1, blocks=1)  # after one that is not counted

# So many rounds that a block lasts some 50 ms where training on an image takes `LIGHT` floating-point operations: short
# beside the drift of a machine, long beside a switch of processes. A heavier network has fewer.
LIGHT = 2.5e6
OPERATIONS = (
    Operation("train_step", 32, rounds=40),
    Operation("train_step", 128, rounds=25),
    Operation("train_step", 512, rounds=10),
    Operation("predict_step", 1, rounds=200),
    Operation("predict_step", 128, rounds=60),
    Operation("predict_step", DATASET.test, rounds=3),
    Operation("preprocess", DATASET.test, rounds=5),
    EPOCH,
)

READ = {"train_step": float, "predict_step": lambda result: float(result[0, 0])}  # what impls/contract.py promises


class Workload:
    """One operation on an implementation; each call takes the next of its batches."""

    def __init__(self, implementation: Any, operation: Operation, images: np.ndarray, labels: np.ndarray):
        self.implementation = implementation
        self.operation = operation
        self.images, self.labels = images, labels
        self.inputs = itertools.cycle(self._inputs())
        self.result: Any = None

    def _inputs(self) -> list:
        size = self.operation.batch_size
        if self.operation.method == "preprocess":
            return [self.images[:size]]
        if not self.operation.method.endswith("_step"):
            return [size]
        count = max(1, min(BATCHES, min(IMAGES, len(self.images)) // size))
        slices = [slice(batch * size, (batch + 1) * size) for batch in range(count)]
        return [self.implementation.prepare_batch(self.images[rows], self.labels[rows]) for rows in slices]

    def rehearse(self) -> float | None:
        """Do it once, and read what it has computed: the loss of a training step, a probability of a prediction.

        Raises `TypeError` for a result that is not what impls/contract.py asks for.
        """
        if self.operation.method == "fit":
            self.epochs(1)
            return None
        timing.once(self.call, self.synchronize)
        return self._read()

    def warm_up(self, check: bool = True) -> None:
        """Compile and fill caches, and if asked to `check`, refuse an implementation whose `synchronize` does not wait.

        Raises `Unmeasurable` as `timing.check_synchronize` does.
        """
        if self.operation.method == "fit":
            return  # its first epoch does it, and each epoch ends with a loss read into Python
        self.rehearse()
        if check:
            calls = min(CHECKED, self.operation.rounds * self.operation.blocks)
            timing.check_synchronize(self.call, self.synchronize, self._read, calls)
        timing.come_to_rest()

    def block(self) -> list[float]:
        """Seconds of each round, after untimed ones. Leaves the machine to others when it returns."""
        if self.operation.method == "fit":
            samples = self.epochs(1 + self.operation.rounds)[1:]
        else:
            samples = timing.durations(self.call, self.synchronize, self.operation.rounds, self.operation.settle)
        if self.implementation.settings.threads != 1:  # one thread has no others that could spin
            timing.come_to_rest()
        return samples

    def epochs(self, epochs: int) -> list[float]:
        """Seconds of each epoch of one `fit`; the first holds the preparation of the data, and compiling."""
        images, labels = self.images[: self.operation.batch_size], self.labels[: self.operation.batch_size]
        return timing.laps(partial(self.implementation.fit, images, labels, epochs))

    def call(self) -> None:
        self.result = getattr(self.implementation, self.operation.method)(next(self.inputs))

    def synchronize(self) -> None:
        """Wait until the result of the last call, if there was one, is computed."""
        if self.result is not None:
            self.implementation.synchronize(self.result)

    def _read(self) -> float | None:
        """Take into Python what the calls have computed: the last result and, after training steps, the parameters."""
        method = self.operation.method
        if method not in READ:
            return None
        try:
            number = READ[method](self.result)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise TypeError(
                f"{method} returned a {type(self.result).__name__}, of which no float can be read: {error}"
            ) from None
        if method == "train_step":
            self.implementation.get_parameters()
        return number


@changes_state
def first_step(implementation: Adapter, images, labels) -> float:
    """Seconds of the first training step of what was just built: with tracing and compiling."""
    step = Workload(implementation, Operation("train_step", len(images), rounds=1), images, labels)
    return timing.once(step.call, step.synchronize)


@changes_state
def rehearse(implementation: Adapter, operation: Operation, images, labels) -> float | None:
    """Do it once, untimed, and read its result as the campaign does: `Workload.rehearse`."""
    return Workload(implementation, operation, images, labels).rehearse()


@changes_state
def prepare(implementation: Adapter, operation: Operation, images, labels, check: bool = True) -> None:
    """Get ready to measure it by `block`, with its compiling done: see `Workload.warm_up`, which raises."""
    implementation.workload = Workload(implementation, operation, images, labels)
    implementation.workload.warm_up(check)


@changes_state
def block(implementation: Adapter) -> list[float]:
    """Seconds of each round of a block of what was prepared."""
    return implementation.workload.block()
