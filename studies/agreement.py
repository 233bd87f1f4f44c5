"""Do the times that a worker reports agree with those of a plain loop? `python -m studies.agreement`."""

import argparse
import contextlib
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import impls
from harness import ROOT
from harness.data.obtain import obtain
from harness.data.reference import Parts
from harness.judging.intervals import mean_interval
from harness.measuring.interleaving import interleaved
from harness.measuring.workload import OPERATIONS, Operation, block, prepare
from harness.workers.worker import Worker, WorkerSpec, limits
from impls.contract import Settings

MARGIN = 0.02  # of the plain loop's time
COMPARED = [operation for operation in OPERATIONS if operation.method.endswith("_step") and operation.batch_size == 128]
TURNS = 12  # in each launch
REST = 0.15  # seconds between two turns: OpenBLAS's threads spin for 0.1


def main() -> None:
    """Print, for each variant and operation, the ratio of both times with its 95 % interval over the launches."""
    options = _options()
    settings = Settings(threads=options.threads)
    dataset = Parts.at(obtain(None))
    for variant in options.variants:
        for operation in COMPARED:
            try:
                ratios = [one_launch(variant, operation, settings, dataset) for _ in range(options.launches)]
            except impls.PackageNotInstalled as error:
                print(f"{variant:<17} missing: {error}")
                break
            print(f"{variant:<17} {operation!s:<17} {sentence(ratios)}", flush=True)


def one_launch(variant: str, operation: Operation, settings: Settings, dataset: Parts) -> float:
    """Logarithm of the worker's time over the plain loop's, of a fresh process each, measured in turns."""
    with (
        _worker(variant, operation, settings, dataset) as worker,
        _plain(variant, operation, settings, dataset) as plain,
    ):

        def ours() -> float:
            return statistics.median(worker.run(block))

        def theirs() -> float:
            plain.stdin.write(f"{operation.rounds}\n")
            plain.stdin.flush()
            return float(plain.stdout.readline() or "nan")

        times = {ours: [], theirs: []}
        for side in interleaved((ours, theirs), range(TURNS)):
            times[side].append(side())
            time.sleep(REST)
    return math.log(statistics.median(times[ours]) / statistics.median(times[theirs]))


def sentence(ratios: list[float]) -> str:
    """What the logarithms of the ratios, one of each launch, say of the agreement."""
    interval = mean_interval(ratios)
    words = {"within": f"agrees within {MARGIN:.0%}", "across": "not shown to agree"}
    said = words.get(interval.against(math.log1p(MARGIN)), "differs")
    mean, low, high = map(math.expm1, interval)
    return f"worker / plain loop - 1: {mean:+.1%} ({low:+.1%} to {high:+.1%}), {said}"


@contextlib.contextmanager
def _worker(variant: str, operation: Operation, settings: Settings, dataset: Parts) -> Iterator[Worker]:
    worker = Worker(WorkerSpec(variant, threads=settings.threads))
    try:
        worker.build(impls.load, variant, settings)
        worker.run(prepare, operation, dataset.train.images, dataset.train.labels)
        yield worker
    finally:
        worker.close()


@contextlib.contextmanager
def _plain(variant: str, operation: Operation, settings: Settings, dataset: Parts) -> Iterator[subprocess.Popen]:
    arguments = [variant, dataset.directory, operation.method, str(operation.batch_size), str(settings.threads or 0)]
    with subprocess.Popen(
        [sys.executable, "-m", "studies.bare_loop", *arguments],
        cwd=ROOT,
        env=os.environ | limits(settings.threads, settings.device),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _at_least_2(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 2, got {text!r}")
    return int(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="*", default=list(impls.variants()), help="default: all")
    parser.add_argument("--launches", type=_at_least_2, default=10, help="of each variant on each side (default: 10)")
    parser.add_argument("--threads", type=int, help="CPU threads of each framework (default: all cores)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
