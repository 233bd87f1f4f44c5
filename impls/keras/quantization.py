"""Quantization-aware training in Keras: layers that round their inputs and parameters, on every backend.

The network and the training are those of impls/keras/mnist.py.
"""

import keras

from impls.keras import adapter
from impls.keras.mnist import MODELS
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS


@keras.ops.custom_gradient
def rounded(x):
    """Round half to even, with a gradient of 1: the straight-through estimator (arXiv:1308.3432)."""

    def gradient(*arguments, upstream=None):  # on torch the gradient is `upstream`, elsewhere the only argument
        return arguments[0] if upstream is None else upstream

    return keras.ops.round(x), gradient


def quantize(x, low=0, high=ACTIVATIONS):
    """Return the nearest integers to `x`, clipped to [low, high], in the dtype of `x`."""
    return rounded(keras.ops.clip(x, low, high))


class Quantized:
    """Base class of layers on integers. The outputs are in units of the next layer's input scale, before rounding."""

    def __init__(self, factors, largest, **config):
        super().__init__(**config)
        self.factors = factors
        self.largest = largest

    def integer_parameters(self):
        """Return kernel and bias as integers, in the dtype of the layer."""
        kernel_factor, bias_factor, _ = (keras.ops.cast(factor, self.dtype) for factor in self.factors)
        kernel = quantize(self.kernel * kernel_factor, -self.largest, self.largest)
        return kernel, rounded(self.bias * bias_factor)

    def call(self, inputs):
        """Round the inputs, and return the outputs of the layer."""
        kernel, bias = self.integer_parameters()
        sums = self.products(quantize(inputs), kernel) + bias
        return self.activation(sums * keras.ops.cast(self.factors.output, self.dtype))


class QuantizedDense(Quantized, keras.layers.Dense):
    """A dense layer on integers."""

    def products(self, inputs, kernel):
        """Return the sums of products: (n, inputs) -> (n, outputs)."""
        return keras.ops.matmul(inputs, kernel)  # (n, inputs) -> (n, outputs)


class QuantizedConv2D(Quantized, keras.layers.Conv2D):
    """A convolution on integers, padded with zeros."""

    def products(self, inputs, kernel):
        """Return the sums of products: (n, h, w, inputs) -> (n, h, w, outputs)."""
        return keras.ops.conv(inputs, kernel, padding="same")  # (n, h, w, inputs) -> (n, h, w, outputs)


class Logits(keras.layers.Layer):
    """Layer that rounds the logits (n, 10) and multiplies them by their scale."""

    def __init__(self, scale, **config):
        super().__init__(**config)
        self.scale = scale

    def call(self, inputs):
        """Return the logits (n, 10), integers in -128..127 times their scale."""
        return quantize(inputs, *LOGITS) * keras.ops.cast(self.scale, self.dtype)


def build(scales):
    """Return the tutorial's network with quantized layers. ReLU and max-pooling commute with the positive scales."""
    factors = iter(scales.factors.values())
    quantized = {keras.layers.Dense: QuantizedDense, keras.layers.Conv2D: QuantizedConv2D}

    def layer_like(layer):
        if type(layer) not in quantized:
            return layer
        return quantized[type(layer)](next(factors), scales.largest, **layer.get_config())

    layers = map(layer_like, MODELS[scales.network]().layers)
    return keras.Sequential([keras.Input((784,)), keras.layers.Rescaling(PIXELS), *layers, Logits(scales.logits)])


class Adapter(adapter.Adapter):
    """The quantized network as the suite tests it."""

    def __init__(self, settings, scales):
        self.scales = scales
        super().__init__(settings, {scales.network: lambda: build(scales)})

    def whole_numbers(self):
        """Return the integer parameters by name, int32."""
        layers = [layer for layer in self.model.layers if isinstance(layer, Quantized)]
        return self.named([keras.ops.cast(each, "int32") for layer in layers for each in layer.integer_parameters()])

    def activations(self, images):
        """Return the inputs of each layer and the logits, a list of int32 (n, numbers), channels last."""
        seen, x = [], self.inputs(images)
        for layer in self.model.layers:
            if isinstance(layer, Quantized | Logits):
                limits = LOGITS if isinstance(layer, Logits) else (0, ACTIVATIONS)
                seen.append(quantize(x, *limits))
            x = layer(x)
        return [self.array(keras.ops.cast(x, "int32")).reshape(len(images), -1) for x in seen]
