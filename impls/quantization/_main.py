"""Train a network, quantize it, and train it on: what `python -m impls.quantization.pytorch` and its siblings run."""

from impls._main import load, parser, progress, settings, told_in_a_line
from impls.contract import NETWORKS
from impls.quantization import integers, largest_sums
from impls.quantization.numpy import calibrate

CALIBRATED_ON = 1000  # training images


def quantize(float_class, quantized_class) -> None:
    """Print the test accuracy of a network in float32, of its whole numbers, and of those after quantization-aware
    training."""
    options = _parser().parse_args()
    with told_in_a_line():
        classifier = float_class(settings(options))
        train, test = load(classifier, options)
        classifier.fit(*train, options.epochs, progress(options.epochs))
        parameters = classifier.get_parameters()
        scales = calibrate(options.network, parameters, train[0][:CALIBRATED_ON], 2 ** (options.bits - 1) - 1)
        quantized = quantized_class(settings(options), scales)
        quantized.set_parameters(parameters)
        before = quantized.evaluate(*test)
        quantized.fit(*train, options.quantized_epochs, progress(options.quantized_epochs))
        after = quantized.evaluate(*test)
    for name, (loss, accuracy) in (
        ("float32", classifier.evaluate(*test)),
        (f"weights of {options.bits} bits, as they are", before),
        ("the same, trained on", after),
    ):
        print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}: {name}")
    print(f"largest sums: {largest_sums(integers(quantized.get_parameters(), scales), scales)}")


def _parser():
    found = parser("Train a network on MNIST, quantize it, and train it on.", NETWORKS, epochs=3)
    found.add_argument("--quantized-epochs", type=int, default=2, help="of training on, quantized (default: 2)")
    found.add_argument("--bits", type=int, choices=range(2, 9), default=8, help="of a weight (default: 8)")
    return found
