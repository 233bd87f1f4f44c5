"""A residual network with batch normalization in TensorFlow: a functional model, and a layer with mode and state.

The rest of a training is in mnist.py: python -m impls tensorflow --network resnet --epochs 3
"""

import tensorflow as tf

MOMENTUM, EPSILON = 7 / 8, 2**-10  # Keras keeps this part of a running statistic; PyTorch's momentum is the other part


# %%
def build_resnet():
    """Build the network: a stem and two residual blocks, 16 and 32 channels. It returns logits (n, 10)."""
    inputs = tf.keras.Input((784,))
    x = tf.keras.layers.Reshape((28, 28, 1))(inputs)  # (n, 784) -> (n, 28, 28, 1)
    x = tf.keras.layers.ReLU()(ConvNorm(16)(x))  # (n, 28, 28, 1) -> (n, 28, 28, 16)
    x = tf.keras.layers.MaxPooling2D()(x)  # (n, 28, 28, 16) -> (n, 14, 14, 16)
    x = block(x, 16)
    x = tf.keras.layers.MaxPooling2D()(x)  # (n, 14, 14, 16) -> (n, 7, 7, 16)
    x = block(x, 32)  # (n, 7, 7, 16) -> (n, 7, 7, 32)
    x = tf.keras.layers.GlobalAveragePooling2D()(x)  # (n, 7, 7, 32) -> (n, 32)
    return tf.keras.Model(inputs, tf.keras.layers.Dense(10)(x))  # (n, 32) -> (n, 10)


def block(x, channels):
    """Return relu(x + f(x)) with two convolutions f (arXiv:1512.03385): (n, h, w, c) -> (n, h, w, channels)."""
    y = tf.keras.layers.ReLU()(ConvNorm(channels)(x))  # (n, h, w, c) -> (n, h, w, channels)
    y = ConvNorm(channels)(y)
    if x.shape[-1] != channels:  # then x itself cannot be added
        x = ConvNorm(channels, 1)(x)  # (n, h, w, c) -> (n, h, w, channels)
    return tf.keras.layers.ReLU()(y + x)


class ConvNorm(tf.keras.layers.Layer):
    """A convolution, then batch normalization, which makes a bias of the convolution useless: it would subtract it."""

    def __init__(self, channels, size=3):
        super().__init__()
        self.conv = tf.keras.layers.Conv2D(channels, size, padding="same", use_bias=False)
        self.norm = BatchNorm(channels)

    def call(self, x, training=False):
        """Convolve and normalise: (n, h, w, c) -> (n, h, w, channels)."""
        return self.norm(self.conv(x), training=training)


# Not by tf.keras.layers.BatchNormalization, as usual: the gradients of its float32 are off by 1 % in the first step.
class BatchNorm(tf.keras.layers.Layer):
    """Batch normalization (arXiv:1502.03167): each channel gets mean 0 and variance 1, and is scaled and shifted.

    A training step normalises by the batch and moves the running statistics an eighth of the way to the batch's. They
    are variables that are not trained. Everything else normalises by them, so that no image depends on the others.
    """

    def __init__(self, channels):
        super().__init__()
        self.scale = self.add_weight((channels,), "ones", name="scale")
        self.bias = self.add_weight((channels,), "zeros", name="bias")
        self.mean = self.add_weight((channels,), "zeros", trainable=False, name="mean")
        self.variance = self.add_weight((channels,), "ones", trainable=False, name="variance")

    def call(self, x, training=False):
        """Normalise x (n, h, w, channels)."""
        mean, variance = self.mean, self.variance
        if training:
            mean = mean_of_channels(x)  # (n, h, w, channels) -> (channels,)
            variance = mean_of_channels((x - mean) ** 2)
            self.mean.assign(MOMENTUM * self.mean + (1 - MOMENTUM) * mean)
            self.variance.assign(MOMENTUM * self.variance + (1 - MOMENTUM) * variance)
        return (x - mean) / tf.sqrt(variance + EPSILON) * self.scale + self.bias


def mean_of_channels(x):
    """Return the mean over images, rows and columns: (n, h, w, c) -> (c,)."""
    means = tf.reduce_mean(x, (1, 2))  # (n, h, w, c) -> (n, c): one sum of 100,352 float32 would lose digits
    return tf.reduce_mean(means, 0)  # (n, c) -> (c,)


MODELS = {"resnet": build_resnet}
XLA = set()  # networks that XLA compiles: on a CPU its convolutions are slower than TensorFlow's own
