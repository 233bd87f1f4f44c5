"""Quantization-aware training in TensorFlow: Keras layers that round their inputs and parameters.

The network and the training are those of impls/tensorflow/mnist.py.
"""

import tensorflow as tf

from impls.quantization import ACTIVATIONS, LOGITS, PIXELS
from impls.tensorflow import adapter
from impls.tensorflow.mnist import MODELS


@tf.custom_gradient
def rounded(x):
    """Round half to even, with a gradient of 1: the straight-through estimator (arXiv:1308.3432)."""
    return tf.round(x), lambda gradient: gradient


def quantize(x, low=0, high=ACTIVATIONS):
    """Return the nearest integers to `x`, clipped to [low, high], in the dtype of `x`."""
    return rounded(tf.clip_by_value(x, float(low), float(high)))


class Quantized:
    """Base class of layers on integers. The outputs are in units of the next layer's input scale, before rounding."""

    def __init__(self, factors, largest, **config):
        super().__init__(**config)
        self.factors = factors
        self.largest = largest

    def integer_parameters(self):
        """Return kernel and bias as integers, in the dtype of the layer."""
        kernel_factor, bias_factor, _ = (tf.cast(factor, self.dtype) for factor in self.factors)
        kernel = quantize(tf.convert_to_tensor(self.kernel) * kernel_factor, -self.largest, self.largest)
        return kernel, rounded(tf.convert_to_tensor(self.bias) * bias_factor)

    def call(self, inputs):
        """Round the inputs, and return the outputs of the layer."""
        kernel, bias = self.integer_parameters()
        sums = self.products(quantize(inputs), kernel) + bias
        return self.activation(sums * tf.cast(self.factors.output, self.dtype))


class QuantizedDense(Quantized, tf.keras.layers.Dense):
    """A dense layer on integers."""

    def products(self, inputs, kernel):
        """Return the sums of products: (n, inputs) -> (n, outputs)."""
        return inputs @ kernel  # (n, inputs) -> (n, outputs)


class QuantizedConv2D(Quantized, tf.keras.layers.Conv2D):
    """A convolution on integers, padded with zeros."""

    def products(self, inputs, kernel):
        """Return the sums of products: (n, h, w, inputs) -> (n, h, w, outputs)."""
        return tf.nn.conv2d(inputs, kernel, strides=1, padding="SAME")  # (n, h, w, inputs) -> (n, h, w, outputs)


class Logits(tf.keras.layers.Layer):
    """Layer that rounds the logits (n, 10) and multiplies them by their scale."""

    def __init__(self, scale, **config):
        super().__init__(**config)
        self.scale = scale

    def call(self, inputs):
        """Return the logits (n, 10), integers in -128..127 times their scale."""
        return quantize(inputs, *LOGITS) * tf.cast(self.scale, self.dtype)


def build(scales):
    """Return the tutorial's network with quantized layers. ReLU and max-pooling commute with the positive scales."""
    factors = iter(scales.factors.values())
    quantized = {tf.keras.layers.Dense: QuantizedDense, tf.keras.layers.Conv2D: QuantizedConv2D}

    def layer_like(layer):
        if type(layer) not in quantized:
            return layer
        return quantized[type(layer)](next(factors), scales.largest, **layer.get_config())

    layers = map(layer_like, MODELS[scales.network]().layers)
    pixels = tf.keras.layers.Rescaling(PIXELS)
    return tf.keras.Sequential([tf.keras.Input((784,)), pixels, *layers, Logits(scales.logits)])


class Adapter(adapter.Adapter):
    """The quantized network as the suite tests it."""

    def __init__(self, settings, scales):
        self.scales = scales
        super().__init__(settings, {scales.network: lambda: build(scales)})

    def whole_numbers(self):
        """Return the integer parameters by name, int32."""
        layers = [layer for layer in self.model.layers if isinstance(layer, Quantized)]
        return self.named([tf.cast(each, tf.int32) for layer in layers for each in layer.integer_parameters()])

    def activations(self, images):
        """Return the inputs of each layer and the logits, a list of int32 (n, numbers), channels last."""
        seen, x = [], self.inputs(images)
        for layer in self.model.layers:
            if isinstance(layer, Quantized | Logits):
                limits = LOGITS if isinstance(layer, Logits) else (0, ACTIVATIONS)
                seen.append(quantize(x, *limits))
            x = layer(x)
        return [tf.reshape(tf.cast(x, tf.int32), (len(images), -1)).numpy() for x in seen]
