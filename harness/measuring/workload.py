"""The operations that are timed, and the work of one of them, with its data prepared beforehand."""

import itertools
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from harness.measuring import timing
from impls.contract import DATASET, Network, changes_state

IMAGES, BATCHES = 8192, 64  # at most, that the calls of one operation go through in turn, as those of an epoch would
CHECKED = 100  # calls, at most: reading their results must take little time in comparison
WARM_UP = 0.1  # seconds of untimed calls before a block: a process that rested is slow for up to 0.07 s


class Operation(NamedTuple):
    """A method of an implementation, and how it is timed. A new line in `OPERATIONS` adds one.

    - `batch_size`: the number of images of a call.
    - `rounds`: timed calls in a block, before the next variant has its turn.
    - `blocks`: the number of blocks in a process run.
    - `warm_up`: seconds of untimed calls before a block.
    - `prepared`: whether a call takes a prepared batch, and may return a scalar or a matrix before it is computed.
      Other calls take images, `fit` also labels, and their results are complete.
    - `heading`: of its column in the table of `--compare`; "" if it has none.

    All are plain values, which pytest-benchmark saves.
    """

    method: str
    batch_size: int
    rounds: int
    blocks: int = 3
    warm_up: float = WARM_UP
    prepared: bool = True
    heading: str = ""

    def __str__(self) -> str:
        return "fit-epoch" if self == EPOCH else f"{self.method}-{self.batch_size}"

    def scaled_to(self, network: Network) -> "Operation":
        """Return it with fewer rounds, and no more than 1,000 images a call, if its network is heavy."""
        if network.operations <= LIGHT or not self.prepared:
            return self
        rounds = max(1, round(self.rounds * LIGHT / network.operations))
        return self._replace(rounds=rounds, batch_size=min(self.batch_size, 1000))


EPOCH = Operation("fit", DATASET.train, rounds=1, blocks=1, prepared=False)  # after one that is not counted

# With these rounds a block lasts about 50 ms where training on an image takes `LIGHT` floating-point operations. That
# is short for the drift of a machine and long for a switch of processes. A heavier network has fewer rounds.
LIGHT = 2.5e6
OPERATIONS = (
    Operation("train_step", 32, rounds=40),
    Operation("train_step", 128, rounds=25, heading="train\n128,\nms"),
    Operation("train_step", 512, rounds=10),
    Operation("predict_step", 1, rounds=200, heading="pred.\n1,\nms"),
    Operation("predict_step", 128, rounds=60, heading="pred.\n128,\nms"),
    Operation("predict_step", DATASET.test, rounds=3),
    Operation("preprocess", DATASET.test, rounds=5, prepared=False),
    EPOCH,
)


class Workload:
    """One operation on an implementation; each call takes the next of its inputs."""

    def __init__(self, implementation: Any, operation: Operation, images: np.ndarray, labels: np.ndarray):
        self.implementation = implementation
        self.operation = operation
        self.is_fit = operation.method == "fit"
        self.data = images[: operation.batch_size], labels[: operation.batch_size]
        self.inputs = itertools.cycle(self._batches(images, labels) if operation.prepared else self.data[:1])
        self.result: Any = None

    def _batches(self, images: np.ndarray, labels: np.ndarray) -> list[Any]:
        """Return different prepared batches, as far as `IMAGES` and `BATCHES` allow."""
        size = self.operation.batch_size
        count = max(1, min(BATCHES, min(IMAGES, len(images)) // size))
        slices = [slice(batch * size, (batch + 1) * size) for batch in range(count)]
        return [self.implementation.prepare_batch(images[rows], labels[rows]) for rows in slices]

    def call(self) -> None:
        """Call the operation on the next input. It may return before the result is computed."""
        self.result = getattr(self.implementation, self.operation.method)(next(self.inputs))

    def repeat(self, calls: int) -> None:
        """Call the operation so often, and wait for the last result."""
        for _ in range(calls):
            self.call()
        self.synchronize()

    def synchronize(self) -> None:
        """Wait until the result of the last call, if there was one, is computed."""
        if self.result is not None:
            self.implementation.synchronize(self.result)

    def read(self) -> float | None:
        """Convert the results of the calls to Python values: the last result and, after training steps, the parameters.

        Raises `TypeError` for a result that is neither a scalar nor a matrix, as impls/adapter.py asks for.
        """
        method, result = self.operation.method, self.result
        if not self.operation.prepared:
            return None
        try:
            number = float(result[0, 0] if getattr(result, "ndim", 0) == 2 else result)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            kind = type(result).__name__
            raise TypeError(f"{method} returned a {kind}, of which no float can be read: {error}") from None
        if method == "train_step":
            self.implementation.get_parameters()
        return number

    def epochs(self, epochs: int) -> list[float]:
        """Return the seconds of each epoch of one `fit`; the first prepares the data, and compiles."""
        return timing.laps(partial(self.implementation.fit, *self.data, epochs))


@changes_state
def first_step(implementation: Any, images: np.ndarray, labels: np.ndarray) -> float:
    """Return the seconds of the first training step of what was just built: with tracing and compiling."""
    return timing.once(Workload(implementation, Operation("train_step", len(images), rounds=1), images, labels))


@changes_state
def rehearse(implementation: Any, operation: Operation, images: np.ndarray, labels: np.ndarray) -> float | None:
    """Call the operation once, and return the number that a campaign would read. Raises as `Workload.read`."""
    work = Workload(implementation, operation, images, labels)
    if work.is_fit:
        work.epochs(1)
        return None
    timing.once(work)
    return work.read()


@changes_state
def prepare(
    implementation: Any, operation: Operation, images: np.ndarray, labels: np.ndarray, check: bool = True
) -> None:
    """Prepare an operation for `block`: compile, and fill caches. A `fit` needs none: its first epoch does both.

    With `check`, raise `Unmeasurable` if `synchronize` does not wait. Raises as `Workload.read`.
    """
    implementation.workload = work = Workload(implementation, operation, images, labels)
    if not work.is_fit:
        timing.once(work)
        work.read()
        if check:
            timing.check_synchronize(work, min(CHECKED, operation.rounds * operation.blocks))
        timing.come_to_rest()


@changes_state
def block(implementation: Any) -> list[float]:
    """Return the seconds of each round of what was prepared, after untimed ones. Leave the machine at rest."""
    work, operation = implementation.workload, implementation.workload.operation
    if work.is_fit:
        samples = work.epochs(1 + operation.rounds)[1:]
    else:
        samples = timing.durations(work, operation.rounds, operation.warm_up)
    if implementation.settings.threads != 1:  # one thread has no others that could spin
        timing.come_to_rest()
    return samples
