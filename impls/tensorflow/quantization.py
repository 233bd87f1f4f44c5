"""TensorFlow, quantized: Keras layers that round before they compute, and a rounding with a gradient of its own."""

import tensorflow as tf

from impls import tensorflow as float_tensorflow
from impls.contract import Settings
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS, Scales


@tf.custom_gradient
def rounded(x):
    """Half to even, with a gradient of 1 ("straight through", arXiv:1308.3432)."""
    return tf.round(x), lambda gradient: gradient


def whole(x, low=0.0, high=float(ACTIVATIONS)):
    return rounded(tf.clip_by_value(x, low, high))


class Quantized:
    """What a layer on whole numbers has besides. Its output is in steps of the next layer's input."""

    def __init__(self, factors, largest, **config):
        super().__init__(**config)
        self.factors = factors
        self.limit = float(largest)

    def whole_parameters(self):
        kernel_factor, bias_factor, _ = (tf.cast(factor, self.dtype) for factor in self.factors)
        kernel = whole(tf.convert_to_tensor(self.kernel) * kernel_factor, -self.limit, self.limit)
        return kernel, rounded(tf.convert_to_tensor(self.bias) * bias_factor)

    def call(self, inputs):
        kernel, bias = self.whole_parameters()
        sums = self.products(whole(inputs), kernel) + bias
        return self.activation(sums * tf.cast(self.factors.output, self.dtype))


class QuantizedDense(Quantized, tf.keras.layers.Dense):
    def products(self, inputs, kernel):
        return inputs @ kernel


class QuantizedConv2D(Quantized, tf.keras.layers.Conv2D):
    def products(self, inputs, kernel):
        return tf.nn.conv2d(inputs, kernel, strides=1, padding="SAME")


class Logits(tf.keras.layers.Layer):
    """Whole numbers, times their scale."""

    def __init__(self, scale, **config):
        super().__init__(**config)
        self.scale = scale

    def whole_logits(self, inputs):
        return whole(inputs, *map(float, LOGITS))

    def call(self, inputs):
        return self.whole_logits(inputs) * tf.cast(self.scale, self.dtype)


def build(scales, dtype):
    """The network of `scales` with its layers quantized: what is between them commutes with scales."""
    factors = iter(scales.factors.values())
    quantized = {tf.keras.layers.Dense: QuantizedDense, tf.keras.layers.Conv2D: QuantizedConv2D}

    def layer_like(layer):
        if type(layer) not in quantized:
            return layer
        return quantized[type(layer)](next(factors), scales.largest, **layer.get_config())

    layers = map(layer_like, float_tensorflow.MODELS[scales.network](dtype).layers)
    pixels = tf.keras.layers.Rescaling(PIXELS, dtype=dtype)
    return tf.keras.Sequential(
        [tf.keras.Input((784,), dtype=dtype), pixels, *layers, Logits(scales.logits, dtype=dtype)]
    )


class Classifier(float_tensorflow.Classifier):
    """Trains float parameters on the loss of the whole numbers that they are rounded to."""

    def __init__(self, settings: Settings, scales: Scales):
        self.scales = scales
        super().__init__(settings, {scales.network: lambda dtype: build(scales, dtype)})

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
        return [tf.reshape(tf.cast(x, tf.int32), (len(images), -1)).numpy() for x in seen]


if __name__ == "__main__":
    from impls.quantization._main import quantize

    quantize(float_tensorflow.Classifier, Classifier)
