"""A Vision Transformer in TensorFlow: own layers of tf.keras, whose weights the model collects.

The rest of a training is in mnist.py: python -m impls tensorflow --network vit --epochs 3
"""

import tensorflow as tf

TOKENS, HEADS, HEAD_SIZE, WIDTH, HIDDEN, EPSILON = 16, 4, 16, 64, 128, 2**-16


# %%
def build_vit():
    """Build the transformer (arXiv:2010.11929) on 16 patches of 7 x 7 pixels. It returns logits (n, 10)."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((784,)),
            tf.keras.layers.Reshape((4, 7, 4, 7)),  # (n, 784) -> (n, 4, 7, 4, 7)
            tf.keras.layers.Permute((1, 3, 2, 4)),  # (n, 4, 7, 4, 7) -> (n, 4, 4, 7, 7)
            tf.keras.layers.Reshape((TOKENS, 49)),  # (n, 4, 4, 7, 7) -> (n, 16, 49): a row for each patch
            tf.keras.layers.Dense(WIDTH),  # (n, 16, 49) -> (n, 16, 64)
            Position(),
            Block(),
            Block(),
            tf.keras.layers.LayerNormalization(epsilon=EPSILON),
            tf.keras.layers.GlobalAveragePooling1D(),  # (n, 16, 64) -> (n, 64)
            tf.keras.layers.Dense(10),  # (n, 64) -> (n, 10)
        ]
    )


class Position(tf.keras.layers.Layer):
    """Adds a learned vector to each token: without it the order of the tokens would not matter."""

    def build(self, shape):
        """Create the vectors, (16, 64)."""
        self.embedding = self.add_weight(shape[1:], "random_normal", name="embedding")

    def call(self, x):
        """Return x + embedding: (n, 16, 64) + (16, 64)."""
        return x + self.embedding


class Block(tf.keras.layers.Layer):
    """Attention between the tokens, then an MLP on each token; each adds to what it gets: (n, 16, 64) -> same."""

    def __init__(self):
        super().__init__()
        self.norm_1 = tf.keras.layers.LayerNormalization(epsilon=EPSILON)
        self.query, self.key, self.value, self.output_layer = (tf.keras.layers.Dense(WIDTH) for _ in range(4))
        self.norm_2 = tf.keras.layers.LayerNormalization(epsilon=EPSILON)
        self.mlp_1 = tf.keras.layers.Dense(HIDDEN, activation=gelu)
        self.mlp_2 = tf.keras.layers.Dense(WIDTH)

    def call(self, x):
        """Return x (n, 16, 64) after both parts. The norms stand before them: the sums stay as they are."""
        x = x + self.attend(self.norm_1(x))
        return x + self.mlp_2(self.mlp_1(self.norm_2(x)))  # (n, 16, 64) -> (n, 16, 128) -> (n, 16, 64)

    def attend(self, x):
        """Return for each token a weighted mean of all tokens' values, in 4 heads: (n, 16, 64) -> (n, 16, 64)."""
        q, k, v = (split_heads(layer(x)) for layer in (self.query, self.key, self.value))  # -> (n, 4, 16, 16)
        logits = tf.matmul(q, k, transpose_b=True) / HEAD_SIZE**0.5  # (n, 4, 16, 16): a row for each query
        x = tf.nn.softmax(logits) @ v  # (n, 4, 16, 16): the weights of a row are of the 16 keys, and sum to 1
        x = tf.transpose(x, (0, 2, 1, 3))  # (n, 4, 16, 16) -> (n, 16, 4, 16)
        return self.output_layer(tf.reshape(x, (-1, TOKENS, WIDTH)))  # (n, 16, 4, 16) -> (n, 16, 64)


MODELS = {"vit": build_vit}
XLA = {"vit"}  # networks that XLA compiles


def split_heads(x):
    """Give each head its 16 of the 64 numbers of a token: (n, 16, 64) -> (n, 4, 16, 16)."""
    x = tf.reshape(x, (-1, TOKENS, HEADS, HEAD_SIZE))  # (n, 16, 64) -> (n, 16, 4, 16)
    return tf.transpose(x, (0, 2, 1, 3))  # (n, 16, 4, 16) -> (n, 4, 16, 16)


def gelu(x):
    """Return x F(x), with the normal distribution F. `tf.nn.gelu` rounds sqrt(1/2) to float32 in float64 too."""
    return 0.5 * x * (1 + tf.math.erf(x * 0.5**0.5))
