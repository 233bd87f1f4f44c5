"""Steps in a plain loop, without pytest, worker or campaign: what `agreement` holds the campaign against.

Started as `python -m studies.bare_loop VARIANT DIRECTORY METHOD BATCH_SIZE THREADS`. For each line on stdin
it takes some warm-up steps and then measures as many as the line says; it answers with their median in seconds.
"""

import itertools
import statistics
import sys
import time

import impls
from harness.workers import processors
from impls.contract import Settings
from impls.files import read_dataset

IMAGES = 8192
WARM_UP_SECONDS = 0.1


def main(variant: str, directory: str, method: str, batch_size: str, threads: str) -> None:
    if int(threads):
        processors.bind(int(threads))
    classifier = impls.load(variant, Settings(threads=int(threads) or None))
    (images, labels), _ = read_dataset(directory)
    slices = [slice(start, start + int(batch_size)) for start in range(0, IMAGES, int(batch_size))]
    batches = itertools.cycle([classifier.prepare_batch(images[rows], labels[rows]) for rows in slices])
    step = getattr(classifier, method)
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
    main(*sys.argv[1:])
