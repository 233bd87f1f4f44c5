"""Keras, quantized: layers that round before they compute, and a rounding with a gradient of its own."""

import keras

from impls import keras as float_keras
from impls.contract import Settings
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS, Scales


@keras.ops.custom_gradient
def rounded(x):
    """Half to even, with a gradient of 1 ("straight through", arXiv:1308.3432)."""

    def gradient(*arguments, upstream=None):  # by name on torch, the only argument elsewhere
        return arguments[0] if upstream is None else upstream

    return keras.ops.round(x), gradient


def whole(x, low=0, high=ACTIVATIONS):
    return rounded(keras.ops.clip(x, low, high))


class Quantized:
    """What a layer on whole numbers has besides. Its output is in steps of the next layer's input."""

    def __init__(self, factors, largest, **config):
        super().__init__(**config)
        self.factors = factors
        self.largest = largest

    def whole_parameters(self):
        kernel_factor, bias_factor, _ = (keras.ops.cast(factor, self.dtype) for factor in self.factors)
        kernel = whole(self.kernel * kernel_factor, -self.largest, self.largest)
        return kernel, rounded(self.bias * bias_factor)

    def call(self, inputs):
        kernel, bias = self.whole_parameters()
        sums = self.products(whole(inputs), kernel) + bias
        return self.activation(sums * keras.ops.cast(self.factors.output, self.dtype))


class QuantizedDense(Quantized, keras.layers.Dense):
    def products(self, inputs, kernel):
        return keras.ops.matmul(inputs, kernel)


class QuantizedConv2D(Quantized, keras.layers.Conv2D):
    def products(self, inputs, kernel):
        return keras.ops.conv(inputs, kernel, padding="same")


class Logits(keras.layers.Layer):
    """Whole numbers, times their scale."""

    def __init__(self, scale, **config):
        super().__init__(**config)
        self.scale = scale

    def whole_logits(self, inputs):
        return whole(inputs, *LOGITS)

    def call(self, inputs):
        return self.whole_logits(inputs) * keras.ops.cast(self.scale, self.dtype)


def build(scales):
    """The network of `scales` with its layers quantized: what is between them commutes with scales."""
    factors = iter(scales.factors.values())
    quantized = {keras.layers.Dense: QuantizedDense, keras.layers.Conv2D: QuantizedConv2D}

    def layer_like(layer):
        if type(layer) not in quantized:
            return layer
        return quantized[type(layer)](next(factors), scales.largest, **layer.get_config())

    layers = map(layer_like, float_keras.MODELS[scales.network]().layers)
    return keras.Sequential([keras.Input((784,)), keras.layers.Rescaling(PIXELS), *layers, Logits(scales.logits)])


class Classifier(float_keras.Classifier):
    """Trains float parameters on the loss of the whole numbers that they are rounded to."""

    def __init__(self, settings: Settings, scales: Scales):
        self.scales = scales
        super().__init__(settings, {scales.network: lambda: build(scales)})

    def whole_numbers(self):
        layers = [layer for layer in self.model.layers if isinstance(layer, Quantized)]
        return self._named_arrays(tensor for layer in layers for tensor in layer.whole_parameters())

    def activations(self, images):
        seen, x = [], self._pixels(images)
        for layer in self.model.layers:
            if isinstance(layer, Quantized):
                seen.append(whole(x))
            elif isinstance(layer, Logits):
                seen.append(layer.whole_logits(x))
            x = layer(x)
        numbers = [keras.ops.convert_to_numpy(keras.ops.cast(x, "int32")) for x in seen]
        return [array.reshape(len(images), -1) for array in numbers]


if __name__ == "__main__":
    from impls.quantization._main import quantize

    quantize(float_keras.Classifier, Classifier)
