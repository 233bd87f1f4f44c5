"""Do the times that a worker reports agree with those of a plain loop? `python -m studies.agreement`."""

import argparse
import contextlib
import math
import os
import statistics
import subprocess
import sys
import time

import impls
from harness import ROOT
from harness.data.lazy import Parts
from harness.judging.intervals import mean_interval
from harness.measuring.interleaving import interleaved
from harness.measuring.workload import OPERATIONS, Operation, block, prepare
from harness.numbers import whole_number
from harness.workers.launch import WorkerSpec, thread_variables
from harness.workers.worker import Worker
from impls.contract import Settings
from studies.shared import dataset

MARGIN = 0.02  # of the plain loop's time
OPERATIONS_COMPARED = [
    operation for operation in OPERATIONS if operation.method.endswith("_step") and operation.batch_size == 128
]
BLOCKS = 12  # in each process run
REST = 0.15  # seconds between two blocks: OpenBLAS's threads spin for 0.1


def main() -> None:
    """Print, for each variant and operation, the ratio of both times with its 95 % interval over the process runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="*", default=list(impls.variants()), help="default: all")
    parser.add_argument("--process-runs", type=whole_number(2), default=10, help="of each variant (default: 10)")
    options = parser.parse_args()
    data = dataset()
    for variant in options.variants:
        for operation in OPERATIONS_COMPARED:
            try:
                ratios = [one_process_run(variant, operation, data) for _ in range(options.process_runs)]
            except impls.PackageNotInstalled as error:
                print(f"{variant:<17} missing: {error}")
                break
            print(f"{variant:<17} {operation!s:<17} {sentence(ratios)}", flush=True)


def one_process_run(variant: str, operation: Operation, data: Parts) -> float:
    """Return the logarithm of the worker's time over the plain loop's, of two new processes, which are interleaved."""
    arguments = [variant, data.directory, operation.method, str(operation.batch_size)]
    with contextlib.ExitStack() as stack:
        worker = stack.enter_context(contextlib.closing(Worker(WorkerSpec(variant))))
        worker.build(impls.load, variant, Settings())
        worker.run(prepare, operation, *data.train)
        plain = subprocess.Popen(
            [sys.executable, "-m", "studies.bare_loop", *arguments],
            cwd=ROOT,
            env=os.environ | thread_variables(None, "cpu"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.enter_context(plain)
        stack.callback(plain.kill)

        def ours() -> float:
            return statistics.median(worker.run(block))

        def theirs() -> float:
            plain.stdin.write(f"{operation.rounds}\n")
            plain.stdin.flush()
            return float(plain.stdout.readline() or "nan")

        times = {ours: [], theirs: []}
        for side in interleaved((ours, theirs), range(BLOCKS)):
            times[side].append(side())
            time.sleep(REST)
    return math.log(statistics.median(times[ours]) / statistics.median(times[theirs]))


def sentence(ratios: list[float]) -> str:
    """Return the conclusion from the logarithms of the ratios, one of each process run, with their 95 % interval."""
    interval = mean_interval(ratios)
    words = {"within": f"agrees within {MARGIN:.0%}", "across": "not shown to agree"}
    conclusion = words.get(interval.against(math.log1p(MARGIN)), "differs")
    mean, low, high = map(math.expm1, interval)
    return f"worker / plain loop - 1: {mean:+.1%} ({low:+.1%} to {high:+.1%}), {conclusion}"


if __name__ == "__main__":
    main()
