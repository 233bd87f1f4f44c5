"""Train one implementation alone and print its accuracy: what `python -m impls.pytorch` and its siblings run."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from impls import _weights
from impls._files import cache_directory
from impls._picture import read_picture
from impls.contract import COMPARED, Arrays, Implementation, Settings

Data = TypeVar("Data")


def train_and_evaluate(classifier_class, networks=COMPARED) -> None:
    """Train `classifier_class(Settings(...))` on MNIST with a line for each epoch, then print its test accuracy.

    `networks` holds the names of those for which the class is written.
    """
    arguments = parser("Train a network on MNIST and print its test accuracy.", networks, epochs=10)
    arguments.add_argument("--save", type=Path, metavar="FILE", help="write the parameters there, for any framework")
    arguments.add_argument("--load", type=Path, metavar="FILE", help="take them from there, and train no more")
    arguments.add_argument("--predict", type=Path, metavar="IMAGE", help="name the digit of this picture")
    options = arguments.parse_args()
    with told_in_a_line():
        picture = read_picture(options.predict) if options.predict else None  # what cannot be, is said before training
        if options.save:
            _weights.check_place(options.save)
        classifier = classifier_class(settings(options))
        if options.load:
            classifier.set_parameters(_weights.load(options.load))
        if not (options.load and options.predict):
            train, test = load(classifier, options)
            if not options.load:
                classifier.fit(*train, options.epochs, progress(options.epochs))
            loss, accuracy = classifier.evaluate(*test)
            print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}, {classifier.parameter_count():,} parameters")
        if options.save:
            _weights.save(options.save, classifier.get_parameters())
        if options.predict:
            [probabilities] = classifier.probabilities(picture)
            first, second = np.argsort(probabilities)[:-3:-1]
            print(f"{options.predict}: {first} ({probabilities[first]:.1%}), or {second} ({probabilities[second]:.1%})")


def parser(description: str, networks, epochs: int) -> argparse.ArgumentParser:
    """The options that each file run alone has."""
    parser = argparse.ArgumentParser(description=description)
    names = tuple(networks)
    parser.add_argument("--network", choices=names, default=names[0], help="what is trained (default: %(default)s)")
    parser.add_argument(
        "--epochs", type=int, default=epochs, help="passes over the training images (default: %(default)s)"
    )
    parser.add_argument("--batch-size", type=int, default=Settings.batch_size, help="images a step (default: 128)")
    parser.add_argument("--seed", type=int, default=0, help="of the parameters and the shuffling (default: 0)")
    parser.add_argument("--data-dir", help="folder that holds MNIST/raw/ (default: MNIST_DIR, or the user's cache)")
    return parser


def settings(options: argparse.Namespace) -> Settings:
    return Settings(network=options.network, batch_size=options.batch_size, seed=options.seed)


def load(classifier: Implementation, options: argparse.Namespace) -> tuple[Arrays, Arrays]:
    """The data set, by the framework's own loader; and a line with the versions. Without the data, the program ends."""
    found = read(classifier.load_dataset, options)
    tell_versions(classifier.versions())
    return found


def read(loader: Callable[[Path], Data], options: argparse.Namespace) -> Data:
    """What `loader` makes of the folder that holds the data. Without them, the program ends."""
    named = options.data_dir or os.environ.get("MNIST_DIR")
    try:
        return loader(Path(named).expanduser() if named else cache_directory())
    except (AssertionError, LookupError, OSError, RuntimeError, ValueError) as error:  # of the framework's own loader
        sys.exit(
            f"error: no MNIST in {named or 'the cache'}: {str(error) or type(error).__name__}. "
            "Run `make data`, and name the folder that it prints with --data-dir."
        )


def tell_versions(versions: Mapping[str, str]) -> None:
    print(", ".join(f"{name} {version}" for name, version in versions.items()))


def progress(epochs: int) -> Callable[[int, float], None]:
    """What prints a line after each epoch."""
    started = time.perf_counter()

    def report(epoch: int, loss: float) -> None:
        elapsed = time.perf_counter() - started
        left = elapsed / epoch * (epochs - epoch)
        print(f"epoch {epoch:2}/{epochs}  loss {loss:.4f}  {elapsed:5.1f} s, about {left:.0f} s left")

    return report


@contextlib.contextmanager
def told_in_a_line() -> Iterator[None]:
    """What is wrong with the options, and Ctrl-C."""
    try:
        yield
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
