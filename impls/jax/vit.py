"""A Vision Transformer in JAX: the patches of an image are tokens, and attention is a few products of arrays.

The rest of a training is in mnist.py: python -m impls jax --network vit --epochs 3
"""

import jax
import jax.numpy as jnp

from impls.jax import mnist

TOKENS, HEADS, HEAD_SIZE, WIDTH, HIDDEN, EPSILON = 16, 4, 16, 64, 128, 2**-16


# %%
def vit(params, x):
    """Run the transformer (arXiv:2010.11929) of 16 tokens, each a patch of 7 x 7 pixels. Return logits (n, 10)."""
    x = mnist.dense(params["patch"], to_patches(x))  # (n, 784) -> (n, 16, 49) -> (n, 16, 64)
    x = x + params["position"]["embedding"]  # (n, 16, 64) + (16, 64): without it the order of tokens would not matter
    for block in ("block_1", "block_2"):
        x = x + attention(params, block, layer_norm(params[f"{block}/norm_1"], x))  # (n, 16, 64)
        x = x + mlp(params, block, layer_norm(params[f"{block}/norm_2"], x))  # (n, 16, 64)
    x = layer_norm(params["norm"], x).mean(axis=1)  # (n, 16, 64) -> (n, 64)
    return mnist.dense(params["head"], x)  # (n, 64) -> (n, 10)


MODELS = {"vit": vit}
BLOCK_SHAPES = {
    **dict.fromkeys(("query", "key", "value", "output"), (WIDTH, WIDTH)),
    **{"mlp_1": (WIDTH, HIDDEN), "mlp_2": (HIDDEN, WIDTH)},
}
KERNEL_SHAPES = {
    "vit": {
        "patch": (49, WIDTH),
        **{f"{block}/{layer}": shape for block in ("block_1", "block_2") for layer, shape in BLOCK_SHAPES.items()},
        "head": (WIDTH, 10),
    }
}


def init(key, kernel_shapes, dtype=jnp.float32):
    """Return kernels and biases as mnist.py does, LayerNorms with scale 1 and bias 0, and small positions."""
    kernel_key, position_key = jax.random.split(key)
    params = mnist.init(kernel_key, kernel_shapes, dtype)
    for norm in ("block_1/norm_1", "block_1/norm_2", "block_2/norm_1", "block_2/norm_2", "norm"):
        params[norm] = {"scale": jnp.ones(WIDTH, dtype), "bias": jnp.zeros(WIDTH, dtype)}
    params["position"] = {"embedding": 0.02 * jax.random.normal(position_key, (TOKENS, WIDTH), dtype)}
    return params


# %%
def to_patches(x):
    """Cut images into 4 x 4 patches, row by row, and each into its 7 x 7 pixels: (n, 784) -> (n, 16, 49)."""
    return x.reshape(-1, 4, 7, 4, 7).swapaxes(2, 3).reshape(-1, 16, 49)  # (n, 4, 7, 4, 7) -> (n, 4, 4, 7, 7)


def attention(params, block, x):
    """Return for each token a weighted mean of all tokens' values, in 4 heads: (n, 16, 64) -> (n, 16, 64)."""
    q, k, v = (split_heads(mnist.dense(params[f"{block}/{layer}"], x)) for layer in ("query", "key", "value"))
    weights = jax.nn.softmax(q @ k.mT / HEAD_SIZE**0.5)  # (n, 4, 16, 16): a row for each query, over the 16 keys
    x = (weights @ v).swapaxes(1, 2).reshape(-1, TOKENS, WIDTH)  # (n, 4, 16, 16) -> (n, 16, 4, 16) -> (n, 16, 64)
    return mnist.dense(params[f"{block}/output"], x)


def split_heads(x):
    """Give each head its 16 of the 64 numbers of a token: (n, 16, 64) -> (n, 4, 16, 16)."""
    return x.reshape(-1, TOKENS, HEADS, HEAD_SIZE).swapaxes(1, 2)  # (n, 16, 4, 16) -> (n, 4, 16, 16)


def mlp(params, block, x):
    """Apply two dense layers to each token: (n, 16, 64) -> (n, 16, 64)."""
    h = jax.nn.gelu(mnist.dense(params[f"{block}/mlp_1"], x), approximate=False)  # (n, 16, 64) -> (n, 16, 128)
    return mnist.dense(params[f"{block}/mlp_2"], h)  # (n, 16, 128) -> (n, 16, 64)


def layer_norm(layer, x):
    """Normalise each token, (..., 64), to mean 0 and variance 1; then scale and shift it."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt(variance + EPSILON) * layer["scale"] + layer["bias"]
