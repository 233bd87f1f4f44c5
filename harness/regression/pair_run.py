"""A pair of process runs, one of each version. Both start and train at the same time; their steps are interleaved.

A machine's speed changes by 10 % and more from one second to the next, and hardly from one millisecond to the next. So
both versions are measured within the same milliseconds. Steps are interleaved in blocks of a few calls, by wall clock.
An import or an epoch of `fit` cannot be interleaved: both versions run it on the same processors, and the system's
scheduler switches between them every few milliseconds. Its cost is CPU time, without waiting for a disk, a network or
a GPU.

A new quantity is one entry of `QUANTITIES`; its tests, verdicts and margins in the report follow from it:

    "predict_step-512": Quantity(Operation("predict_step", 512, rounds=2, blocks=60, warm_up=0)),

An entry that is no step names the function that measures it.
"""

import statistics
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from harness.equality.limits import KEPT_BY_STEP
from harness.measuring import usage
from harness.measuring.starting import conditions, import_seconds, numpy_seconds
from harness.measuring.workload import Operation, block, first_step, prepare
from harness.regression.pair import Pair
from impls import variants
from impls.contract import DATASET

# Blocks last some milliseconds; the first call of each is not timed. Their noise is independent, so more blocks are
# better: `blocks` at most, and after the first `BLOCKS` only those that begin within `SECONDS`.
TRAIN = Operation("train_step", 128, rounds=2, blocks=60, warm_up=0)
PREDICT_ONE = Operation("predict_step", 1, rounds=2, blocks=400, warm_up=0)
PREDICT = Operation("predict_step", 128, rounds=2, blocks=240, warm_up=0)
BLOCKS, SECONDS = 60, 4.0

# The first epoch of a fit prepares the data and compiles. The last is not counted: the faster version may have ended,
# which leaves all caches to the slower one. Two short fits instead of a long one: nothing synchronizes the versions
# within a fit, and after seconds they are up to an epoch apart. Both begin at one moment, `SYNC_DELAY` seconds after
# the request: a start ten milliseconds earlier costs 2 % in the first epoch. After 630 training steps the moments of
# unused weights become denormal numbers, which are slow.
IMAGES = min(3200, DATASET.train)  # some 25 batches an epoch
EPOCHS = 6
FITS = 2
SYNC_DELAY = 0.1

IMPORTS = 10  # of NumPy, each in a new process: a worker has already imported it, and it takes a moment only

# Of the baseline and of each candidate: CPU seconds or bytes; or a list, of the seconds of each block, epoch or import;
# None if the system does not tell.
Values = tuple[float | list[float] | None, ...]


class Quantity(NamedTuple):
    """The measurement and the judgement of a quantity.

    - `measure`: an `Operation`, whose calls are interleaved. Or a function of the pair that measures all sides at
      once, and returns quantity -> values, of all quantities that it measures.
    - `unit`: as in `judge`. "KiB" of an operation is the memory that each call keeps, in bytes.
    - `margin`: as in `judge`; None for that of the command line.
    """

    measure: Operation | Callable[[Pair], dict[str, Values]]
    unit: str = "%"
    margin: float | None = None


class PairRun(NamedTuple):
    """Conditions of each side, and quantity -> values of each. A missing quantity was not measured."""

    conditions: tuple[dict[str, Any], ...]
    measured: dict[str, Values]


def measure_startup(pair: Pair) -> dict[str, Values]:
    """Import, build, make the first training step: frameworks compile and load in any of them."""
    imports = _imports(pair)
    building = _spent(pair, pair.build)
    stepping = _spent(pair, lambda: _first_step(pair))
    importing = map(statistics.median, imports)
    return {
        "import": imports,
        "first-step": tuple(map(sum, zip(importing, building, stepping, strict=True))),
        "peak-memory": pair.run(usage.peak_memory),
    }


def measure_fits(pair: Pair) -> dict[str, Values]:
    """Train in `FITS` short fits. Nothing is measured if a side began late: the other had the processor for itself."""
    images, labels = pair.dataset.train.first(IMAGES)
    fits = [pair.run(usage.fit_usage, images, labels, EPOCHS, time.monotonic() + SYNC_DELAY) for _ in range(FITS)]
    if not all(in_time for both in fits for *_, in_time in both):
        return {}
    first, *_, last = ([held for _, held, _ in both] for both in fits)
    seconds = [[seconds for seconds, *_ in fits_of_side] for fits_of_side in zip(*fits, strict=True)]
    return {
        "first-fit": tuple(of_side[0][0] for of_side in seconds),
        f"fit-{IMAGES}": tuple([each for epochs in of_side for each in epochs[1:-1]] for of_side in seconds),
        "fit-memory": pair.run(usage.peak_memory),
        "kept-by-epoch": _kept(first, last, EPOCHS * (FITS - 1)),
    }


QUANTITIES = {
    "train_step-128": Quantity(TRAIN),
    "predict_step-1": Quantity(PREDICT_ONE),
    "predict_step-128": Quantity(PREDICT),
    "first-fit": Quantity(measure_fits),
    f"fit-{IMAGES}": Quantity(measure_fits),
    "import": Quantity(measure_startup),
    "first-step": Quantity(measure_startup),
    "peak-memory": Quantity(measure_startup),
    "fit-memory": Quantity(measure_fits),
    "kept-by-epoch": Quantity(measure_fits, "KiB", IMAGES // 128 * KEPT_BY_STEP),
    "kept-by-call": Quantity(PREDICT_ONE, "KiB", KEPT_BY_STEP),
}
RATIOS = tuple(name for name, each in QUANTITIES.items() if each.unit == "%")
STEPS = [name for name in RATIOS if isinstance(QUANTITIES[name].measure, Operation)]
OF_ONE_IMAGE = [name for name, each in QUANTITIES.items() if each.measure is PREDICT_ONE]


def measure(pair: Pair, wanted: Collection[str], number: int) -> PairRun:
    """Measure `wanted`, of `QUANTITIES`, in the pair of this number, and what is measured with them.

    Every pair starts alike, and its start is measured if wanted. Steps come last, as they can be many. Raises as
    `Pair.run`.
    """
    works = dict.fromkeys(each.measure for name, each in QUANTITIES.items() if name in wanted)
    measured: dict[str, Values] = {}
    if measure_startup in works:
        works.pop(measure_startup)
        measured |= measure_startup(pair)
    else:
        pair.build()
        if not pair.built:  # what is built in place of a variant cannot train
            _first_step(pair)
    found = pair.run(conditions)
    for work in sorted(works, key=lambda each: isinstance(each, Operation)):
        measured |= _steps(pair, work, number) if isinstance(work, Operation) else work(pair)
    return PairRun(found, measured)


def _first_step(pair: Pair) -> None:
    pair.run(first_step, *pair.dataset.train.first(128))


def _steps(pair: Pair, operation: Operation, number: int) -> dict[str, Values]:
    """Interleave blocks of calls. A block counts by its mean: a median would hide the costs of every tenth call."""
    scaled = operation.scaled_to(pair.network)
    is_first = number == 0  # there, `prepare` checks that `synchronize` waits: later pairs are alike
    pair.run_in_turn(number, prepare, scaled, *pair.dataset.train, is_first)
    before, until = pair.run(usage.in_use), time.monotonic() + SECONDS
    blocks: tuple[list[float], ...] = tuple([] for _ in pair.workers)
    for turn in range(scaled.blocks):
        if turn >= BLOCKS and time.monotonic() >= until:
            break
        for side, seconds in zip(blocks, pair.run_in_turn(number * scaled.blocks + turn, block), strict=True):
            side.append(statistics.mean(seconds))
    kept = _kept(before, pair.run(usage.in_use), len(blocks[0]) * (scaled.rounds + 1))
    own = {name: each.unit for name, each in QUANTITIES.items() if each.measure == operation}
    return {name: kept if unit == "KiB" else blocks for name, unit in own.items()}


def _imports(pair: Pair) -> Values:
    """Return the CPU seconds of importing the variant's packages on each side, once or several times."""
    if variants()[pair.variant].packages == ("numpy",):
        times = [pair.run(numpy_seconds) for _ in range(IMPORTS)]
    else:
        times = [_spent(pair, lambda: pair.run(import_seconds, pair.variant))]
    return tuple(map(list, zip(*times, strict=True)))


def _spent(pair: Pair, work: Callable[[], object]) -> list[float]:
    """Return the CPU seconds of this work on each side."""
    before = pair.run(usage.cpu_seconds)
    work()
    return [after - earlier for earlier, after in zip(before, pair.run(usage.cpu_seconds), strict=True)]


def _kept(before: Iterable[int | None], after: Iterable[int | None], times: int) -> Values:
    """Return the bytes that each epoch or call keeps, by the bytes in use on each side; `times` is their number."""
    held = zip(before, after, strict=True)
    return tuple(None if None in both else (both[1] - both[0]) / times for both in held)
