"""Steps in a plain loop, without pytest, worker or campaign, with which `agreement` compares a worker.

For each line on stdin, it takes some warm-up steps, and then as many as the line says; it answers with the median of
their seconds.
"""

import argparse
import itertools
import statistics
import sys
import time

import impls
from impls.contract import Settings
from impls.files import read_dataset

IMAGES = 8192
WARM_UP_SECONDS = 0.1


def main() -> None:
    """Build the variant, then answer each line of stdin."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in {"variant": str, "directory": str, "method": str, "batch_size": int}.items():
        parser.add_argument(name, type=kind)
    options = parser.parse_args()
    classifier = impls.load(options.variant, Settings())
    (images, labels), _ = read_dataset(options.directory)
    size = options.batch_size
    slices = [slice(start, start + size) for start in range(0, IMAGES, size)]
    batches = itertools.cycle([classifier.prepare_batch(images[rows], labels[rows]) for rows in slices])
    step = getattr(classifier, options.method)
    for line in sys.stdin:
        warm = time.perf_counter() + WARM_UP_SECONDS
        while time.perf_counter() < warm:
            classifier.synchronize(step(next(batches)))
        samples = []
        for batch in itertools.islice(batches, int(line)):
            start = time.perf_counter()
            classifier.synchronize(step(batch))
            samples.append(time.perf_counter() - start)
        print(statistics.median(samples), flush=True)


if __name__ == "__main__":
    main()
