"""Quantization for all frameworks: scales, and the integers that represent a float network with these scales.

A real number is a scale times an integer:

- pixels: 0..255, with scale 1/255;
- kernels: -127..127 (int8), with a scale for each output of a layer;
- biases: int32, with the scale of the products to which they are added;
- inputs of the layers after the first: 0..255. Larger numbers are clipped; the ReLU has removed the negative ones;
- logits: -128..127.

A layer sums products of integers. One float32 product turns each sum into the next layer's input, rounded half to even.
Kernels for edge devices compute the same (XNNPACK's "fp32 requantization", MLAS in ONNX Runtime), so a device computes
exactly the network that was trained. The training is quantization-aware, as in Jacob et al. (arXiv:1712.05877), with
the straight-through estimator (Bengio et al., arXiv:1308.3432). Scales are constant during training. Nothing is divided
by a scale, because compilers differ in how they divide.

All scales but that of the pixels are bfloat16 numbers: their products are exact in float32, and every file format holds
them exactly. Sums below 2^24 are exact in float32 in any order; `check_exact` proves this bound for a network.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import impls
from impls import command_line
from impls.adapter import Adapter
from impls.contract import NETWORKS, Settings

PIXELS = 255
ACTIVATIONS = 255
LOGITS = (-128, 127)
EXACT = 2**24  # float32 holds all integers up to here
ROOM = EXACT / 2  # limit of the sums at calibration, as quantization-aware training may increase them
CALIBRATED_ON = 1000  # training images


class Factors(NamedTuple):
    """The factors of a layer, float32. They replace divisions by a scale."""

    kernel: np.ndarray  # (outputs,): 1 / scale of the kernel
    bias: np.ndarray  # (outputs,): 1 / scale of the sums
    output: np.ndarray  # (outputs,): scale of the sums / scale of the output


@dataclass(frozen=True, eq=False)
class Scales:
    """The scales of one network, float32.

    - `kernels`: layer -> (outputs,). `inputs`: layer -> (). `logits`: ().
    - `largest`: the largest integer of a kernel: 127, or less for fewer bits.
    """

    network: str
    kernels: dict[str, np.ndarray]
    inputs: dict[str, np.ndarray]
    logits: np.ndarray
    largest: int = 127

    def __post_init__(self) -> None:
        single = {name: np.float32(scale) for name, scale in self.inputs.items()}
        object.__setattr__(self, "inputs", single)
        object.__setattr__(self, "logits", np.float32(self.logits))

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in the order in which they are used."""
        return tuple(self.kernels)

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        """Layer -> (): the scale of the next layer's input, or of the logits."""
        return dict(zip(self.layers, [*list(self.inputs.values())[1:], self.logits], strict=True))

    @property
    def sums(self) -> dict[str, np.ndarray]:
        """Layer -> (outputs,): the scale of the sums of products, and of the biases."""
        return {layer: self.inputs[layer] * self.kernels[layer] for layer in self.layers}

    @property
    def factors(self) -> dict[str, Factors]:
        """Layer -> its factors."""
        one = np.float32(1)
        return {
            layer: Factors(one / self.kernels[layer], one / sums, sums / self.outputs[layer])
            for layer, sums in self.sums.items()
        }


def kernel_scales(kernel: np.ndarray, largest: int) -> np.ndarray:
    """Return the scale of each output, with the least squared error of its kernel: (..., outputs) -> (outputs,).

    A scale is larger if the sums of its output could otherwise exceed `ROOM`.
    """
    rows = np.abs(kernel).reshape(-1, kernel.shape[-1])  # (..., outputs) -> (inputs, outputs)
    most = rows.max(axis=0)  # (outputs,)
    candidates = np.where(most > 0, most, 1) / largest * np.linspace(0.2, 1, 41)[:, None]  # (41, outputs)
    errors = [np.square(rows - scale * np.minimum(np.rint(rows / scale), largest)).sum(axis=0) for scale in candidates]
    best = np.take_along_axis(candidates, np.argmin(errors, axis=0)[None], axis=0)[0]  # (41, outputs) -> (outputs,)
    return bfloat16(np.maximum(best, ACTIVATIONS * largest_sum(kernel) / ROOM))


def largest_sum(kernel: np.ndarray) -> np.ndarray:
    """Return the largest absolute sum of products with inputs in 0..1, in any order: (..., outputs) -> (outputs,).

    Positive weights can only increase a sum, and negative weights can only decrease it.
    """
    rows = kernel.reshape(-1, kernel.shape[-1])  # (..., outputs) -> (inputs, outputs)
    return np.maximum(np.maximum(rows, 0).sum(axis=0), np.maximum(-rows, 0).sum(axis=0))


def scaled(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """Return each parameter times its layer's factor, in its own dtype: the integers before they are rounded."""
    return {
        f"{layer}/{kind}": parameters[f"{layer}/{kind}"] * getattr(factors, kind)
        for layer, factors in scales.factors.items()
        for kind in ("kernel", "bias")
    }


def rounded(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """Return the integers of float `parameters`, with the same names and shapes, in the dtype of `parameters`."""
    limit = scales.largest
    return {
        name: np.rint(np.clip(array, -limit, limit) if name.endswith("kernel") else array)
        for name, array in scaled(parameters, scales).items()
    }


def integers(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """Return the integers of float `parameters`: kernels as int8, biases as int32."""
    return {
        name: array.astype(np.int8 if name.endswith("kernel") else np.int32)
        for name, array in rounded(parameters, scales).items()
    }


def dequantized(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """Return the float32 parameters that these `integers` stand for, exactly: a device computes with them."""
    return {
        name: (array * (scales.kernels if name.endswith("kernel") else scales.sums)[name.partition("/")[0]]).astype(
            np.float32
        )
        for name, array in parameters.items()
    }


def largest_sums(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, int]:
    """Return the largest absolute sum of each layer with these `integers`, over all images and orders of summation."""
    sums = {}
    for layer in scales.layers:
        kernel, bias = (parameters[f"{layer}/{kind}"].astype(np.int64) for kind in ("kernel", "bias"))
        sums[layer] = int((ACTIVATIONS * largest_sum(kernel) + np.abs(bias)).max())
    return sums


def check_exact(parameters: Mapping[str, np.ndarray], scales: Scales) -> None:
    """Raise `ValueError` unless float32 holds every sum of these `integers` exactly, in any order of summation."""
    for layer, most in largest_sums(parameters, scales).items():
        if most >= EXACT:
            raise ValueError(
                f"{layer} of {scales.network}: sums can reach {most:,}, and float32 counts exactly up to {EXACT:,}: "
                "smaller weights are needed, or fewer inputs"
            )


def bfloat16(number: np.ndarray) -> np.ndarray:
    """Return the nearest bfloat16 numbers, ties to even, as float32."""
    bits = np.asarray(number, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def exists(variant: str, network: str) -> bool:
    """Return whether the variant has this chapter, and NumPy, which calibrates the scales, has the network.

    The networks are those of mnist.py: dense layers, convolutions, ReLU and max-pooling.
    """
    known = impls.variants()
    calibrated = "numpy" in known and network in known["numpy"].networks and NETWORKS[network].file == "mnist"
    return impls.has_file(variant, "quantization") and calibrated


def load(variant: str, settings: Settings, scales: Scales) -> Adapter:
    """Build the quantized network of a variant. Raises the exceptions of `impls.import_`.

    It has the methods of an `Adapter` and two more. `whole_numbers()` returns its parameters as the framework rounds
    them, int32, by name. `activations(images)` takes uint8 (n, 28, 28), and returns the inputs of each layer and the
    logits, a list of int32 (n, numbers), channels last.
    """
    return impls.import_(variant, "quantization").Adapter(settings, scales)


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """Return a parser of the options of `train`. `command` is the module after `python -m`."""
    parser = command_line.parser(command, description, epochs=3)
    parser.add_argument("--quantized-epochs", type=int, default=2, help="epochs of the quantized network (default: 2)")
    parser.add_argument("--bits", type=int, choices=range(2, 9), default=8, help="bits of a weight (default: 8)")
    return parser


def train(options: argparse.Namespace) -> tuple[Adapter, Adapter]:
    """Train a float network, quantize it, continue the training, and print the test accuracy of each.

    Return the float implementation, and the quantized one, which has an attribute `scales`.
    """
    from impls.numpy.quantization import calibrate  # not at the top: that file imports this one

    settings = command_line.settings(options)
    implementation = impls.load(options.variant, settings)
    dataset, test = command_line.load_dataset(implementation, options)
    implementation.fit(*dataset, options.epochs, command_line.progress(options.epochs))
    command_line.print_accuracy(implementation, test, ": float32")
    parameters = implementation.get_parameters()
    scales = calibrate(options.network, parameters, dataset[0][:CALIBRATED_ON], 2 ** (options.bits - 1) - 1)
    quantized = load(options.variant, settings, scales)
    quantized.set_parameters(parameters)
    command_line.print_accuracy(quantized, test, f": {options.bits} bits, rounded after training")
    quantized.fit(*dataset, options.quantized_epochs, command_line.progress(options.quantized_epochs))
    command_line.print_accuracy(quantized, test, f": {options.bits} bits, quantization-aware training")
    return implementation, quantized


def main() -> None:
    """Train and quantize a network, and print the largest sums of its layers, which must stay below 2^24."""
    options = parser(
        "impls.quantization", "Train a network on MNIST, quantize it, and continue its training."
    ).parse_args()
    with command_line.errors_in_one_line():
        _, quantized = train(options)
        sums = largest_sums(integers(quantized.get_parameters(), quantized.scales), quantized.scales)
        print(f"largest sums {sums}, and float32 is exact up to {EXACT:,}")


if __name__ == "__main__":
    main()
