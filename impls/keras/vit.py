"""A Vision Transformer in Keras: own layers of `keras.ops`, the same on every backend.

The rest of a training is in mnist.py: python -m impls keras-jax --network vit --epochs 3
"""

import keras
from keras import ops

TOKENS, HEADS, HEAD_SIZE, WIDTH, HIDDEN, EPSILON = 16, 4, 16, 64, 128, 2**-16


# %%
def build_vit():
    """Build the transformer (arXiv:2010.11929) on 16 patches of 7 x 7 pixels. It returns logits (n, 10)."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Reshape((4, 7, 4, 7)),  # (n, 784) -> (n, 4, 7, 4, 7)
            keras.layers.Permute((1, 3, 2, 4)),  # (n, 4, 7, 4, 7) -> (n, 4, 4, 7, 7)
            keras.layers.Reshape((TOKENS, 49)),  # (n, 4, 4, 7, 7) -> (n, 16, 49): a row for each patch
            keras.layers.Dense(WIDTH),  # (n, 16, 49) -> (n, 16, 64)
            Position(),
            Block(),
            Block(),
            LayerNorm(),
            MeanOfTokens(),  # (n, 16, 64) -> (n, 64)
            keras.layers.Dense(10),  # (n, 64) -> (n, 10)
        ]
    )


class Position(keras.layers.Layer):
    """Adds a learned vector to each token: without it the order of the tokens would not matter."""

    def build(self, shape):
        """Create the vectors, (16, 64)."""
        self.embedding = self.add_weight(shape[1:], "random_normal", name="embedding")

    def call(self, x):
        """Return x + embedding: (n, 16, 64) + (16, 64)."""
        return x + self.embedding


class Block(keras.layers.Layer):
    """Attention between the tokens, then an MLP on each token; each adds to what it gets: (n, 16, 64) -> same."""

    def __init__(self):
        super().__init__()
        self.norm_1 = LayerNorm()
        self.query, self.key, self.value, self.output_layer = (keras.layers.Dense(WIDTH) for _ in range(4))
        self.norm_2 = LayerNorm()
        self.mlp_1 = keras.layers.Dense(HIDDEN, activation=gelu)
        self.mlp_2 = keras.layers.Dense(WIDTH)

    def call(self, x):
        """Return x (n, 16, 64) after both parts. The norms stand before them: the sums stay as they are."""
        x = x + self.attend(self.norm_1(x))
        return x + self.mlp_2(self.mlp_1(self.norm_2(x)))  # (n, 16, 64) -> (n, 16, 128) -> (n, 16, 64)

    def attend(self, x):
        """Return for each token a weighted mean of all tokens' values, in 4 heads: (n, 16, 64) -> (n, 16, 64)."""
        q, k, v = (split_heads(layer(x)) for layer in (self.query, self.key, self.value))  # -> (n, 4, 16, 16)
        logits = q @ ops.swapaxes(k, 2, 3) / HEAD_SIZE**0.5  # (n, 4, 16, 16): a row for each query
        x = ops.softmax(logits) @ v  # (n, 4, 16, 16): the weights of a row are of the 16 keys, and sum to 1
        x = ops.swapaxes(x, 1, 2)  # (n, 4, 16, 16) -> (n, 16, 4, 16)
        return self.output_layer(ops.reshape(x, (-1, TOKENS, WIDTH)))  # (n, 16, 4, 16) -> (n, 16, 64)


# Keras' LayerNormalization, GlobalAveragePooling1D and `ops.mean` compute in float32 on JAX, in float64 too; sums do
# not. Its activation "gelu" does on TensorFlow.
class LayerNorm(keras.layers.Layer):
    """Normalises each token, (..., 64), to mean 0 and variance 1; then scales and shifts it."""

    def build(self, shape):
        """Create scale and bias, (64,)."""
        self.scale = self.add_weight(shape[-1:], "ones", name="scale")
        self.bias = self.add_weight(shape[-1:], "zeros", name="bias")

    def call(self, x):
        """Return the normalised x, of the same shape."""
        centred = x - ops.sum(x, axis=-1, keepdims=True) / WIDTH
        variance = ops.sum(centred * centred, axis=-1, keepdims=True) / WIDTH
        return centred / ops.sqrt(variance + EPSILON) * self.scale + self.bias


class MeanOfTokens(keras.layers.Layer):
    """Returns the mean over the tokens."""

    def call(self, x):
        """Return the mean: (n, 16, 64) -> (n, 64)."""
        return ops.sum(x, axis=1) / TOKENS


MODELS = {"vit": build_vit}


def split_heads(x):
    """Give each head its 16 of the 64 numbers of a token: (n, 16, 64) -> (n, 4, 16, 16)."""
    return ops.swapaxes(ops.reshape(x, (-1, TOKENS, HEADS, HEAD_SIZE)), 1, 2)  # (n, 16, 4, 16) -> (n, 4, 16, 16)


def gelu(x):
    """Return x F(x), with the normal distribution F."""
    return 0.5 * x * (1 + ops.erf(x * 0.5**0.5))
