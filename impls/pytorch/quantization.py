"""PyTorch, quantized: a module around each layer that rounds, and a rounding that passes gradients straight through."""

import torch
from torch import nn
from torch.func import functional_call

from impls import pytorch as float_pytorch
from impls.contract import Settings
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS, Scales


class Round(torch.autograd.Function):
    """Half to even, with a gradient of 1 ("straight through", arXiv:1308.3432)."""

    @staticmethod
    def forward(context, x):
        return torch.round(x)

    @staticmethod
    def backward(context, gradient):
        return gradient


class QuantizedLayer(nn.Module):
    """`layer` on whole numbers, of its input and its parameters. Its output is in steps of the next layer's input."""

    def __init__(self, layer, factors, largest):
        super().__init__()
        self.layer = layer
        self.largest = largest
        size = [1] * (layer.weight.dim() - 2)  # of an image: a convolution has (outputs, inputs, height, width)
        self.register_buffer("kernel_factor", torch.tensor(factors.kernel).reshape(-1, 1, *size))
        self.register_buffer("bias_factor", torch.tensor(factors.bias))
        self.register_buffer("output_factor", torch.tensor(factors.output).reshape(-1, *size))

    def whole_parameters(self):
        weight = Round.apply((self.layer.weight * self.kernel_factor).clamp(-self.largest, self.largest))
        return {"weight": weight, "bias": Round.apply(self.layer.bias * self.bias_factor)}

    def whole_input(self, x):
        return Round.apply(x.clamp(0, ACTIVATIONS))

    def forward(self, x):
        sums = functional_call(self.layer, self.whole_parameters(), self.whole_input(x))
        return sums * self.output_factor


class QuantizedNetwork(nn.Module):
    """The network of `scales` with its layers quantized: what is between them commutes with scales."""

    def __init__(self, scales: Scales):
        super().__init__()
        self.model = float_pytorch.MODELS[scales.network]()
        for name, factors in scales.factors.items():
            setattr(self.model, name, QuantizedLayer(getattr(self.model, name), factors, scales.largest))
        self.layers = [getattr(self.model, name) for name in scales.layers]
        self.register_buffer("scale", torch.tensor(scales.logits))

    def whole_logits(self, x):
        return Round.apply(self.model(x * PIXELS).clamp(*LOGITS))  # (n, 784) -> (n, 10)

    def forward(self, x):
        return self.whole_logits(x) * self.scale


class Classifier(float_pytorch.Classifier):
    """Trains float parameters on the loss of the whole numbers that they are rounded to."""

    def __init__(self, settings: Settings, scales: Scales):
        self.scales = scales
        super().__init__(settings, {scales.network: lambda: QuantizedNetwork(scales)})

    def whole_numbers(self):
        parameters = [tensor for layer in self.model.layers for tensor in layer.whole_parameters().values()]
        return self._named_arrays(parameters)

    def activations(self, images):
        seen = []
        hooks = [
            layer.register_forward_pre_hook(lambda layer, inputs: seen.append(layer.whole_input(*inputs)))
            for layer in self.model.layers
        ]
        with torch.inference_mode():
            seen.append(self.model.whole_logits(self._pixels(images)))
        for hook in hooks:
            hook.remove()
        channels = [*self.channels[::2], 1]  # of the inputs of each kernel, and of the logits
        return [
            x.reshape(len(x), count, -1).permute(0, 2, 1).flatten(1).int().cpu().numpy()  # channels last, (n, numbers)
            for x, count in zip(seen, channels, strict=True)
        ]


if __name__ == "__main__":
    from impls.quantization._main import quantize

    quantize(float_pytorch.Classifier, Classifier)
