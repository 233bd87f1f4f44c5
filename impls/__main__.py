"""Train one implementation and print its accuracy: `python -m impls pytorch --save weights.npz`."""

from functools import partial
from pathlib import Path

import numpy as np

import impls
from impls import command_line, weights
from impls.contract import DATASET, NETWORKS
from impls.picture import read_picture

EPOCHS = 10  # without --load


def main() -> None:
    """Train a network or go on from a file, then save it, evaluate it, or name the digit of a picture."""
    parser = command_line.parser("impls", "Train a network on MNIST and print its test accuracy.", EPOCHS)
    parser.set_defaults(epochs=None)  # which depends on --load
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the training there, for any framework")
    parser.add_argument("--load", type=Path, metavar="FILE", help="begin from there; train only with --epochs")
    parser.add_argument("--validate", action="store_true", help="evaluate by the last training images, held out")
    parser.add_argument("--predict", type=Path, metavar="IMAGE", help="name the digit of this picture")
    options = parser.parse_args()
    with command_line.errors_in_one_line():
        picture = read_picture(options.predict) if options.predict else None  # before training: a bad file ends here
        loaded = weights.load(options.load, NETWORKS[options.network]) if options.load else {}
        epochs = EPOCHS if options.epochs is None and not loaded else options.epochs
        if options.save:
            weights.check_place(options.save)
        implementation = impls.load(options.variant, command_line.settings(options))
        if loaded:
            try:
                if weights.is_checkpoint(loaded) and (options.save or epochs is not None):
                    implementation.set_checkpoint(loaded)
                else:
                    network = implementation.network
                    implementation.set_parameters({name: loaded[name] for name in network.shapes})
                    implementation.set_state({name: loaded[f"state/{name}"] for name in network.state})
            except ValueError as error:  # a number is not finite in the dtype of the settings
                raise ValueError(f"{options.load}: {error}; --save writes such a file") from None
        if epochs is not None or not options.predict:
            train, test = command_line.load_dataset(implementation, options)
            kind, validate = "test", None
            if options.validate:
                train, test = DATASET.hold_out(*train)
                kind, validate = "validation", partial(implementation.evaluate, *test)
            if epochs is not None:
                implementation.fit(*train, epochs, command_line.progress(epochs, validate))
            command_line.print_accuracy(implementation, test, kind=kind)
        if options.save:
            weights.save(options.save, implementation.get_checkpoint())
        if options.predict:
            [probabilities] = implementation.probabilities(picture)
            if not np.isfinite(probabilities).all():
                raise ValueError("the parameters are so large that the probabilities are not finite: train again")
            first, second = np.argsort(probabilities)[:-3:-1]
            print(f"{options.predict}: {first} ({probabilities[first]:.1%}), or {second} ({probabilities[second]:.1%})")


if __name__ == "__main__":
    main()
