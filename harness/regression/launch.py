"""One launch of both versions: they start and train at once on the same processors, then make their steps in turns.

A machine's speed changes by 10 % and more from one second to the next, and hardly from one millisecond to the next. So
both must be measured within the same milliseconds. Where work can be cut up, as into steps, they take turns of a few
calls, by the clock. Where it cannot, as in an import or an epoch of `fit`, both run at once on the same processors, and
the system's scheduler takes the turns, every few milliseconds; what each has used is its CPU time. That does not count
waiting: for a disk, a network, a GPU.
"""

import statistics
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.measuring import usage
from harness.measuring.starting import conditions, import_seconds, numpy_seconds
from harness.measuring.workload import Operation, block, first_step, prepare
from harness.regression.pair import Pair
from impls import variants
from impls.contract import DATASET

# Turns of some milliseconds, the first call of each untimed. They are cheap; a launch is not. The noise of each is its
# own, so their number counts: `blocks` at most, and after the first `TURNS` no more than begin within `SECONDS`.
STEPS = {
    str(operation): operation
    for operation in (
        Operation("train_step", 128, rounds=2, blocks=60, settle=0),
        Operation("predict_step", 1, rounds=2, blocks=400, settle=0),
        Operation("predict_step", 128, rounds=2, blocks=240, settle=0),
    )
}
TURNS, SECONDS = 60, 4.0

# The first epoch of a fit prepares the data, and compiles. At the end of the last the slower side is alone, with the
# caches to itself: the last keeps it company until then, and is not counted. Two short fits, as nothing keeps the sides
# together within one: in seconds one is up to an epoch ahead. Both begin `MEETING` seconds after they are told, at one
# moment: who began ten milliseconds before the other spent some 2 % more on the first epoch. After 630 training steps
# moments of weights that are left alone begin to be denormal numbers, which are slow.
IMAGES = min(3200, DATASET.train)  # some 25 batches an epoch
EPOCHS = 6
FITS = 2
MEETING = 0.1

# NumPy is in a worker from the start, and imported in a moment: by a process of its own, so many times.
IMPORTS = 10

# The first step is import, building and first training step together: frameworks compile and load in any of them.
STARTING = ("import", "first-step", "peak-memory")
FITTING = ("first-fit", f"fit-{IMAGES}", "fit-memory", "kept-by-epoch")
QUANTITIES = (*STEPS, *FITTING[:2], *STARTING[:2], "peak-memory", "fit-memory", "kept-by-epoch", "kept-by-call")


@dataclass
class Launch:
    """What a launch of one version was measured to take; what is not there was not measured.

    - `values`: of a quantity, in CPU seconds or bytes.
    - `blocks`: of a quantity that is repeated, seconds of an import, a call or an epoch in each block, (n,).
    """

    conditions: dict[str, Any]
    values: dict[str, float] = field(default_factory=dict)
    blocks: dict[str, list[float]] = field(default_factory=dict)


def measure(pair: Pair, wanted: Collection[str], number: int) -> tuple[Launch, Launch]:
    """Both sides of the launch of this number, with all that is wanted of `QUANTITIES`. Raises as `Pair.run`."""
    imports = _imports(pair)
    building = _spent(pair, pair.build)
    stepping = _spent(pair, lambda: pair.run(first_step, *pair.dataset.train.first(128)))
    launches = tuple(map(Launch, pair.run(conditions)))
    for launch, seconds in zip(launches, zip(*imports, strict=True), strict=True):
        launch.blocks["import"] = list(seconds)
    importing = [statistics.median(launch.blocks["import"]) for launch in launches]
    _note(launches, "first-step", map(sum, zip(importing, building, stepping, strict=True)))
    _note(launches, "peak-memory", pair.run(usage.peak_memory))
    if set(wanted) & set(FITTING):
        _fit(pair, launches)
    for name, operation in STEPS.items():
        if name in wanted:
            _take_steps(pair, launches, operation.scaled_to(pair.network), number)
    return launches


def _imports(pair: Pair) -> list[Sequence[float]]:
    """CPU seconds that each spends on importing what the variant needs, once or several times: (times, 2)."""
    if variants()[pair.variant].packages == ("numpy",):
        return [pair.run(numpy_seconds) for _ in range(IMPORTS)]
    return [_spent(pair, lambda: pair.run(import_seconds, pair.variant))]


def _fit(pair: Pair, launches: tuple[Launch, Launch]) -> None:
    images, labels = pair.dataset.train.first(IMAGES)
    fits = [pair.run(usage.of_fit, images, labels, EPOCHS, time.monotonic() + MEETING) for _ in range(FITS)]
    for launch, own in zip(launches, zip(*fits, strict=True), strict=True):
        launch.values["first-fit"] = own[0][0][0]
        launch.blocks[f"fit-{IMAGES}"] = [each for seconds, _ in own for each in seconds[1:-1]]
    first, *_, last = ([held for _, held in both] for both in fits)
    _note_kept(launches, "kept-by-epoch", first, last, EPOCHS * (FITS - 1))
    _note(launches, "fit-memory", pair.run(usage.peak_memory))


def _take_steps(pair: Pair, launches: tuple[Launch, Launch], operation: Operation, number: int) -> None:
    to_be_checked = number == 0  # that `synchronize` waits: in the launches to come it is the same
    pair.run_in_turn(number, prepare, operation, *pair.dataset.train, to_be_checked)
    before = pair.run(usage.in_use)
    until = time.monotonic() + SECONDS
    for turn in range(operation.blocks):
        if turn >= TURNS and time.monotonic() >= until:
            break
        answers = pair.run_in_turn(number * operation.blocks + turn, block)
        for launch, seconds in zip(launches, answers, strict=True):
            launch.blocks.setdefault(str(operation), []).append(statistics.mean(seconds))
    if str(operation) == "predict_step-1":
        calls = len(launches[0].blocks[str(operation)]) * (operation.rounds + 1)
        _note_kept(launches, "kept-by-call", before, pair.run(usage.in_use), calls)


def _spent(pair: Pair, work: Callable[[], object]) -> list[float]:
    """CPU seconds that each spends on it."""
    before = pair.run(usage.cpu_seconds)
    work()
    return [after - earlier for earlier, after in zip(before, pair.run(usage.cpu_seconds), strict=True)]


def _note(launches: tuple[Launch, Launch], quantity: str, values: Iterable[float | None]) -> None:
    for launch, value in zip(launches, values, strict=True):
        if value is not None:
            launch.values[quantity] = value


def _note_kept(
    launches: tuple[Launch, Launch],
    quantity: str,
    before: Iterable[int | None],
    after: Iterable[int | None],
    times: int,
) -> None:
    """Bytes that each of so many epochs or calls has kept, by what was in use on both sides."""
    held = zip(before, after, strict=True)
    _note(launches, quantity, (None if None in both else (both[1] - both[0]) / times for both in held))
