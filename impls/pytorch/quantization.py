"""Quantization-aware training in PyTorch: a module around each layer rounds the layer's input and parameters.

The network and the training are those of impls/pytorch/mnist.py.
"""

import torch
from torch import nn
from torch.func import functional_call

from impls.pytorch import adapter
from impls.pytorch.mnist import MODELS
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS


class Round(torch.autograd.Function):
    """Round half to even, with a gradient of 1: the straight-through estimator (arXiv:1308.3432)."""

    @staticmethod
    def forward(context, x):
        """Return `x` rounded."""
        return torch.round(x)

    @staticmethod
    def backward(context, gradient):
        """Return `gradient` unchanged."""
        return gradient


def quantize(x, low=0, high=ACTIVATIONS):
    """Return the nearest integers to `x`, clipped to [low, high], in the dtype of `x`."""
    return Round.apply(x.clamp(low, high))


class QuantizedLayer(nn.Module):
    """Compute `layer` on integers. The outputs are in units of the next layer's input scale, before rounding."""

    def __init__(self, layer, factors, largest):
        super().__init__()
        self.layer = layer
        self.largest = largest
        size = [1] * (layer.weight.dim() - 2)  # a convolution's weight is (outputs, inputs, height, width)
        self.register_buffer("kernel_factor", torch.tensor(factors.kernel).reshape(-1, 1, *size))
        self.register_buffer("bias_factor", torch.tensor(factors.bias))
        self.register_buffer("output_factor", torch.tensor(factors.output).reshape(-1, *size))

    def integer_parameters(self):
        """Return weight and bias as integers, in the dtype of the layer."""
        weight = quantize(self.layer.weight * self.kernel_factor, -self.largest, self.largest)
        return {"weight": weight, "bias": Round.apply(self.layer.bias * self.bias_factor)}

    def forward(self, x):
        """Round x (n, inputs), or (n, channels, h, w), and return the outputs of the layer."""
        sums = functional_call(self.layer, self.integer_parameters(), quantize(x))
        return sums * self.output_factor


class QuantizedNetwork(nn.Module):
    """The tutorial's network with quantized layers. Its ReLU and its max-pooling commute with the positive scales."""

    def __init__(self, scales):
        super().__init__()
        self.model = MODELS[scales.network]()
        for name, factors in scales.factors.items():
            setattr(self.model, name, QuantizedLayer(getattr(self.model, name), factors, scales.largest))
        self.layers = [getattr(self.model, name) for name in scales.layers]
        self.register_buffer("scale", torch.tensor(scales.logits))

    def integer_logits(self, x):
        """Return the logits of x (n, 784) as integers in -128..127, (n, 10)."""
        return quantize(self.model(x * PIXELS), *LOGITS)  # (n, 784) -> (n, 10)

    def forward(self, x):
        """Return the logits of x (n, 784), integers times their scale, (n, 10)."""
        return self.integer_logits(x) * self.scale  # (n, 784) -> (n, 10)


class Adapter(adapter.Adapter):
    """The quantized network as the suite tests it."""

    def __init__(self, settings, scales):
        self.scales = scales
        super().__init__(settings, {scales.network: lambda: QuantizedNetwork(scales)})

    def whole_numbers(self):
        """Return the integer parameters by name, int32."""
        tensors = [tensor.int() for layer in self.model.layers for tensor in layer.integer_parameters().values()]
        return self.named(tensors)

    def activations(self, images):
        """Return the inputs of each layer and the logits, a list of int32 (n, numbers), channels last."""
        seen = []
        hooks = [
            layer.register_forward_pre_hook(lambda layer, inputs: seen.append(quantize(*inputs)))
            for layer in self.model.layers
        ]
        with torch.inference_mode():
            seen.append(self.model.integer_logits(self.inputs(images)))
        for hook in hooks:
            hook.remove()
        channels = [*self._channels()[::2], 1]  # of the input of each kernel, and of the logits
        return [  # (n, channels, ...) -> (n, positions, channels) -> (n, numbers)
            self.array(x.reshape(len(x), count, -1).transpose(1, 2).flatten(1).int())
            for x, count in zip(seen, channels, strict=True)
        ]
