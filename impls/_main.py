"""Train one implementation alone and print its accuracy: what `python -m impls.pytorch` and its siblings run."""

import argparse
import os
import sys
import time
from pathlib import Path

from impls._files import cache_directory
from impls.contract import NETWORKS, Settings


def train_and_evaluate(classifier_class, networks=NETWORKS) -> None:
    """Train `classifier_class(Settings(...))` on MNIST with a line for each epoch, then print its test accuracy.

    `networks` holds the names of those for which the class is written.
    """
    options = _options(networks)
    try:
        settings = Settings(network=options.network, batch_size=options.batch_size, seed=options.seed)
        classifier = classifier_class(settings)
        train, test = _load(classifier, options.data_dir or os.environ.get("MNIST_DIR"))
        print(", ".join(f"{name} {version}" for name, version in classifier.versions().items()))
        started = time.perf_counter()

        def report(epoch, loss):
            elapsed = time.perf_counter() - started
            left = elapsed / epoch * (options.epochs - epoch)
            print(f"epoch {epoch:2}/{options.epochs}  loss {loss:.4f}  {elapsed:5.1f} s, about {left:.0f} s left")

        classifier.fit(*train, options.epochs, report)
        loss, accuracy = classifier.evaluate(*test)
    except ValueError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}, {classifier.parameter_count():,} parameters")


def _load(classifier, named):
    try:
        return classifier.load_dataset(Path(named).expanduser() if named else cache_directory())
    except (AssertionError, LookupError, OSError, RuntimeError, ValueError) as error:  # of the framework's own loader
        sys.exit(
            f"error: no MNIST in {named or 'the cache'}: {str(error) or type(error).__name__}. "
            "Run `make data`, and name the folder that it prints with --data-dir."
        )


def _options(networks) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a network on MNIST and print its test accuracy.")
    names = tuple(networks)
    parser.add_argument("--network", choices=names, default=names[0], help="what is trained (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the training images (default: 10)")
    parser.add_argument("--batch-size", type=int, default=Settings.batch_size, help="images a step (default: 128)")
    parser.add_argument("--seed", type=int, default=0, help="of the parameters and the shuffling (default: 0)")
    parser.add_argument("--data-dir", help="folder that holds MNIST/raw/ (default: MNIST_DIR, or the user's cache)")
    return parser.parse_args()
