"""Train a network, quantize it, and train it on: what `python -m impls.quantization.pytorch` and its siblings run."""

from impls._main import load, parser, progress, settings, told_in_a_line
from impls.contract import COMPARED
from impls.quantization import CALIBRATED_ON, integers, largest_sums
from impls.quantization.numpy import calibrate


def quantize(float_class, quantized_class) -> None:
    """Print the test accuracy of a network in float32, of its whole numbers, and of those after quantization-aware
    training."""
    options = options_of("Train a network on MNIST, quantize it, and train it on.").parse_args()
    with told_in_a_line():
        _, quantized = trained(options, float_class, quantized_class)
        whole = integers(quantized.get_parameters(), quantized.scales)
        print(f"largest sums {largest_sums(whole, quantized.scales)}, and float32 is exact up to {2**24:,}")


def options_of(description: str):
    found = parser(description, COMPARED, epochs=3)
    found.add_argument("--quantized-epochs", type=int, default=2, help="of training on, quantized (default: 2)")
    found.add_argument("--bits", type=int, choices=range(2, 9), default=8, help="of a weight (default: 8)")
    return found


def trained(options, float_class, quantized_class):
    """The float implementation, and the quantized one that was trained on from it."""
    classifier = float_class(settings(options))
    train, test = load(classifier, options)
    classifier.fit(*train, options.epochs, progress(options.epochs))
    tell("float32", classifier, test)
    parameters = classifier.get_parameters()
    scales = calibrate(options.network, parameters, train[0][:CALIBRATED_ON], 2 ** (options.bits - 1) - 1)
    quantized = quantized_class(settings(options), scales)
    quantized.set_parameters(parameters)
    tell(f"weights of {options.bits} bits, rounded", quantized, test)
    quantized.fit(*train, options.quantized_epochs, progress(options.quantized_epochs))
    tell(f"weights of {options.bits} bits, trained on", quantized, test)
    return classifier, quantized


def tell(what, classifier, test):
    loss, accuracy = classifier.evaluate(*test)
    print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}: {what}")
