"""Quantization, defined once: scales, and the whole numbers that they make of a float network.

A real number is a scale times a whole number:

- pixels: 0..255, of scale 1/255;
- weights: -127..127, with a scale for each output of a layer;
- biases: int32, of the scale of the products that they are added to;
- inputs of the layers after the first: 0..255, what is above is cut off, and what is below was cut off by the ReLU;
- logits: -128..127.

A layer adds up products of whole numbers, and one multiplication with a float32 makes of each sum the next layer's
input, rounded half to even. That is what the kernels of edge devices compute (XNNPACK's "fp32 requantization", MLAS in
ONNX Runtime), so what is trained is what is deployed, to the last bit. Scales are frozen while the network is trained,
and nothing is divided by them: compilers do not divide alike.

All scales but that of the pixels are bfloat16 numbers: their products are exact in float32, and they survive each file
format's way of storing them. Sums are exact in float32, in whatever order, while they stay below 2^24: `check_exact`
proves it of a network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import impls
from impls.adapter import Adapter
from impls.contract import Settings

PIXELS = 255
ACTIVATIONS = 255
LOGITS = (-128, 127)
EXACT = 2**24  # whole numbers up to here are float32 numbers
ROOM = EXACT / 2  # for the sums of a network that is trained on
CALIBRATED_ON = 1000  # training images


class Factors(NamedTuple):
    """What a layer multiplies with, float32: instead of dividing by a scale."""

    kernel: np.ndarray  # (outputs,): 1 / scale of the kernel
    bias: np.ndarray  # (outputs,): 1 / scale of the sums
    output: np.ndarray  # (outputs,): scale of the sums / scale of the output


@dataclass(frozen=True, eq=False)
class Scales:
    """Of one network, float32.

    - `kernels`: by layer, (outputs,). `inputs`: by layer, (). `logits`: ().
    - `largest`: the largest weight: 127, or less for fewer bits.
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
        return tuple(self.kernels)

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        """By layer, (): the scale of the next layer's input, or of the logits."""
        return dict(zip(self.layers, [*list(self.inputs.values())[1:], self.logits], strict=True))

    @property
    def sums(self) -> dict[str, np.ndarray]:
        """By layer, (outputs,): the scale of the sums of products, and of the biases."""
        return {layer: self.inputs[layer] * self.kernels[layer] for layer in self.layers}

    @property
    def factors(self) -> dict[str, Factors]:
        """By layer."""
        one = np.float32(1)
        return {
            layer: Factors(one / self.kernels[layer], one / sums, sums / self.outputs[layer])
            for layer, sums in self.sums.items()
        }


def kernel_scales(kernel: np.ndarray, largest: int) -> np.ndarray:
    """(..., outputs) -> (outputs,): those with the least squared error, but no sum may come near `EXACT`.

    Where inputs are many, an output may have to do with smaller whole numbers.
    """
    rows = np.abs(kernel).reshape(-1, kernel.shape[-1])  # (..., outputs) -> (inputs, outputs)
    most = rows.max(axis=0)  # (outputs,)
    candidates = np.where(most > 0, most, 1) / largest * np.linspace(0.2, 1, 41)[:, None]  # (41, outputs)
    errors = [np.square(rows - scale * np.minimum(np.rint(rows / scale), largest)).sum(axis=0) for scale in candidates]
    best = np.take_along_axis(candidates, np.argmin(errors, axis=0)[None], axis=0)[0]  # (41, outputs) -> (outputs,)
    return bfloat16(np.maximum(best, ACTIVATIONS * largest_sum(kernel) / ROOM))


def largest_sum(kernel: np.ndarray) -> np.ndarray:
    """(..., outputs) -> (outputs,): how far from 0 a sum of products with numbers in 0..1 can get, in any order.

    Weights above 0 can only raise it, and those below only lower it.
    """
    rows = kernel.reshape(-1, kernel.shape[-1])  # (..., outputs) -> (inputs, outputs)
    return np.maximum(np.maximum(rows, 0).sum(axis=0), np.maximum(-rows, 0).sum(axis=0))


def scaled(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """Each multiplied with the factor of its layer, in its own dtype: the whole numbers before they are rounded."""
    return {
        f"{layer}/{kind}": parameters[f"{layer}/{kind}"] * getattr(factors, kind)
        for layer, factors in scales.factors.items()
        for kind in ("kernel", "bias")
    }


def rounded(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """The whole numbers of float `parameters`, in their own dtype, like them in names and shapes."""
    limit = scales.largest
    return {
        name: np.rint(np.clip(array, -limit, limit) if name.endswith("kernel") else array)
        for name, array in scaled(parameters, scales).items()
    }


def integers(parameters: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """The same as integers: kernels int8, biases int32."""
    return {
        name: array.astype(np.int8 if name.endswith("kernel") else np.int32)
        for name, array in rounded(parameters, scales).items()
    }


def real(whole: Mapping[str, np.ndarray], scales: Scales) -> dict[str, np.ndarray]:
    """The float32 parameters that these whole numbers stand for, exact: those that a device computes with."""
    return {
        name: (array * (scales.kernels if name.endswith("kernel") else scales.sums)[name.partition("/")[0]]).astype(
            np.float32
        )
        for name, array in whole.items()
    }


def largest_sums(whole: Mapping[str, np.ndarray], scales: Scales) -> dict[str, int]:
    """By layer: how far from 0 the sum of an output can get, whatever the image and the order of its terms."""
    found = {}
    for layer in scales.layers:
        kernel, bias = (whole[f"{layer}/{kind}"].astype(np.int64) for kind in ("kernel", "bias"))
        found[layer] = int((ACTIVATIONS * largest_sum(kernel) + np.abs(bias)).max())
    return found


def check_exact(whole: Mapping[str, np.ndarray], scales: Scales) -> None:
    """Raise `ValueError` unless float32 holds every sum of every image exactly, in any order of summation."""
    for layer, most in largest_sums(whole, scales).items():
        if most >= EXACT:
            raise ValueError(
                f"{layer} of {scales.network}: sums can reach {most:,}, and float32 counts exactly up to {EXACT:,}: "
                "smaller weights are needed, or fewer inputs"
            )


def bfloat16(number: np.ndarray) -> np.ndarray:
    """The nearest bfloat16, as float32; of two, the one that is even."""
    bits = np.asarray(number, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def exists(variant: str, network: str) -> bool:
    """Whether the variant has a file here, and NumPy's, which finds the scales, has the network."""
    known = impls.variants()
    return impls.has_file(variant, "quantization") and "numpy" in known and network in known["numpy"].networks


def load(variant: str, settings: Settings, scales: Scales) -> Adapter:
    """The quantized network of a variant, as `impls.load` loads a float one, and raises what that raises.

    It has two methods more: `whole_numbers()`, its parameters as the framework rounds them, int32, by name; and
    `activations(images)`, of uint8 (n, 28, 28): what each layer gets and the logits, a list of int32 (n, numbers).
    """
    return impls.import_(variant, "quantization").Adapter(settings, scales)
