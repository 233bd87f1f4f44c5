"""A residual network with batch normalization in TensorFlow: a functional model, and layers with a mode.

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
        self.norm = tf.keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)

    def call(self, x, training=False):
        """Normalise by the batch in training, else by the running statistics: (n, h, w, c) -> (n, h, w, channels)."""
        return self.norm(self.conv(x), training=training)


MODELS = {"resnet": build_resnet}
XLA = set()  # networks that XLA compiles: on a CPU its convolutions are slower than TensorFlow's own
