"""Common parts of the commands of impls/: options, the data set, one line per epoch, and errors in one line."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import impls
from impls.adapter import Adapter
from impls.contract import DEFAULT_NETWORKS, Arrays, Settings
from impls.files import cache_directory, check_files


def parser(
    command: str, description: str, epochs: int, networks: Iterable[str] = DEFAULT_NETWORKS
) -> argparse.ArgumentParser:
    """Return a parser of the variant and of the options of every command. `command` is the module after `python -m`."""
    sys.stdout.reconfigure(errors="replace")  # a name that the terminal cannot show costs no result
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=description)
    names = tuple(networks)
    parser.add_argument("variant", choices=impls.variants(), help="a framework, with its backend")
    parser.add_argument("--network", choices=names, default=names[0], help="the network (default: %(default)s)")
    parser.add_argument(
        "--epochs", type=int, default=epochs, help=f"passes over the training images (default: {epochs})"
    )
    parser.add_argument(
        "--batch-size", type=int, default=Settings.batch_size, help="images a step (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the parameters and the shuffling (default: 0)")
    parser.add_argument("--data-dir", help="folder that holds MNIST/raw/ (default: MNIST_DIR, or the user's cache)")
    return parser


def settings(options: argparse.Namespace) -> Settings:
    """Return the settings that the options of `parser` choose."""
    return Settings(network=options.network, batch_size=options.batch_size, seed=options.seed)


def load_dataset(implementation: Adapter, options: argparse.Namespace) -> tuple[Arrays, Arrays]:
    """Return the data set by the tutorial's loader, and print the versions.

    Raises `ValueError` without the data, or if a file is not that of the data set.
    """
    named = options.data_dir or os.environ.get("MNIST_DIR")
    try:
        folder = Path(named).expanduser() if named else cache_directory()
        check_files(folder)
        dataset = implementation.load_dataset(folder)
    except (AssertionError, LookupError, OSError, RuntimeError, ValueError) as error:  # of a framework's own loader
        raise ValueError(
            f"no MNIST in {named or 'the cache'}: {str(error) or type(error).__name__}. "
            "Run `make data`, and name the folder that it prints with --data-dir."
        ) from None
    print(", ".join(f"{name} {version}" for name, version in implementation.versions().items()))
    return dataset


def progress(epochs: int, validate: Callable[[], tuple[float, float]] | None = None) -> Callable[[int, float], None]:
    """Return a callback for `fit` that prints the mean loss, the time and an estimate of the rest after each epoch.

    `validate` returns the loss and the accuracy on the validation images, which are printed as well.
    """
    started = time.perf_counter()

    def report(epoch: int, loss: float) -> None:
        elapsed = time.perf_counter() - started
        left = elapsed / epoch * (epochs - epoch)
        validation = "  validation loss {:.4f}, accuracy {:.2%}".format(*validate()) if validate else ""
        print(f"epoch {epoch:2}/{epochs}  loss {loss:.4f}{validation}  {elapsed:5.1f} s, about {left:.0f} s left")

    return report


def print_accuracy(implementation: Adapter, images: Arrays, label: str = "", kind: str = "test") -> None:
    """Print one line: accuracy on these images, mean loss in nats, number of parameters, and `label`."""
    loss, accuracy = implementation.evaluate(*images)
    print(f"{kind} accuracy {accuracy:.2%}, loss {loss:.4f}, {implementation.parameter_count():,} parameters{label}")


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    """End the program with a message of one line for a wrong option, for a missing package, and for Ctrl-C."""
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
