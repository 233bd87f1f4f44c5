"""Train one implementation and print its accuracy: `python -m impls pytorch --save weights.npz`."""

from pathlib import Path

import numpy as np

import impls
from impls import command_line, weights
from impls.contract import NETWORKS
from impls.picture import read_picture


def main() -> None:
    """Train or load a network, then save it, evaluate it, or name the digit of a picture."""
    parser = command_line.parser("impls", "Train a network on MNIST and print its test accuracy.", epochs=10)
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the parameters there, for any framework")
    parser.add_argument("--load", type=Path, metavar="FILE", help="take them from there instead of training")
    parser.add_argument("--predict", type=Path, metavar="IMAGE", help="name the digit of this picture")
    options = parser.parse_args()
    with command_line.errors_in_one_line():
        picture = read_picture(options.predict) if options.predict else None  # before training: a bad file ends here
        parameters = weights.load(options.load, NETWORKS[options.network]) if options.load else None
        if options.save:
            weights.check_place(options.save)
        implementation = impls.load(options.variant, command_line.settings(options))
        if parameters:
            try:
                implementation.set_parameters(parameters)
            except ValueError as error:  # a number is not finite in the dtype of the settings
                raise ValueError(f"{options.load}: {error}; --save writes such a file") from None
        if not (options.load and options.predict):
            train, test = command_line.load_dataset(implementation, options)
            if not options.load:
                implementation.fit(*train, options.epochs, command_line.progress(options.epochs))
            command_line.print_accuracy(implementation, test, "")
        if options.save:
            weights.save(options.save, implementation.get_parameters())
        if options.predict:
            [probabilities] = implementation.probabilities(picture)
            if not np.isfinite(probabilities).all():
                raise ValueError("the parameters are so large that the probabilities are not finite: train again")
            first, second = np.argsort(probabilities)[:-3:-1]
            print(f"{options.predict}: {first} ({probabilities[first]:.1%}), or {second} ({probabilities[second]:.1%})")


if __name__ == "__main__":
    main()
