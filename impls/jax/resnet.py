"""A residual network with batch normalization in JAX: running statistics go into a pure step, and come out new.

The rest of a training is in mnist.py: python -m impls jax --network resnet --epochs 3
"""

from functools import partial

import jax
import jax.numpy as jnp
import optax

from impls.jax import mnist

MOMENTUM, EPSILON = 1 / 8, 2**-10


# %%
def resnet(variables, x, training=False):
    """Run the network on x (n, 784). Return logits (n, 10); with `training` (logits, new statistics).

    `variables` are (params, statistics), each a dict by layer: {"kernel": ..., "scale": (c,), "bias": (c,)}, and
    {"mean": (c,), "variance": (c,)}, the running ones.
    """
    params, statistics = variables
    new = {}  # statistics by layer

    def conv_norm(layer, x):
        """Convolve x, then normalise each channel: (n, h, w, inputs) -> (n, h, w, outputs)."""
        x = conv(params[layer]["kernel"], x)
        x, new[layer] = batch_norm(params[layer], statistics[layer], x, training)
        return x

    def block(name, x):
        """Return relu(x + f(x)) with two convolutions f: (n, h, w, c) -> (n, h, w, outputs)."""
        y = jax.nn.relu(conv_norm(f"{name}/conv_1", x))  # (n, h, w, c) -> (n, h, w, outputs)
        y = conv_norm(f"{name}/conv_2", y)
        if f"{name}/shortcut" in params:  # then f changes the number of channels, and so must this
            x = conv_norm(f"{name}/shortcut", x)  # (n, h, w, c) -> (n, h, w, outputs)
        return jax.nn.relu(y + x)

    x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    x = mnist.max_pool(jax.nn.relu(conv_norm("stem", x)))  # (n, 28, 28, 1) -> (n, 14, 14, 16)
    x = mnist.max_pool(block("block_1", x))  # (n, 14, 14, 16) -> (n, 7, 7, 16)
    x = block("block_2", x)  # (n, 7, 7, 16) -> (n, 7, 7, 32)
    x = x.mean(axis=(1, 2))  # (n, 7, 7, 32) -> (n, 32)
    logits = mnist.dense(params["head"], x)  # (n, 32) -> (n, 10)
    return (logits, new) if training else logits


MODELS = {"resnet": resnet}
KERNEL_SHAPES = {
    "resnet": {
        "stem": (3, 3, 1, 16),
        **{"block_1/conv_1": (3, 3, 16, 16), "block_1/conv_2": (3, 3, 16, 16)},
        **{"block_2/conv_1": (3, 3, 16, 32), "block_2/conv_2": (3, 3, 32, 32), "block_2/shortcut": (1, 1, 16, 32)},
        "head": (32, 10),
    }
}


def init(key, kernel_shapes, dtype=jnp.float32):
    """Return (params, statistics): kernels as in mnist.py, scales 1, biases 0; running means 0, variances 1."""
    params, statistics = mnist.init(key, kernel_shapes, dtype), {}
    for layer, (*_, channels) in kernel_shapes.items():
        if layer != "head":
            params[layer]["scale"] = jnp.ones(channels, dtype)
            statistics[layer] = {"mean": jnp.zeros(channels, dtype), "variance": jnp.ones(channels, dtype)}
    return params, statistics


def conv(kernel, x):
    """Convolve x, padded with zeros, without a bias: (n, h, w, inputs) -> (n, h, w, outputs)."""
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def batch_norm(layer, statistics, x, training):
    """Normalise each channel (arXiv:1502.03167), then scale and shift it: (n, h, w, c). Return it and the statistics.

    A training step normalises by the batch, and moves the running statistics an eighth of the way to the batch's.
    Everything else normalises by the running ones, so that the logits of an image do not depend on the other images.
    """
    if training:
        mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))  # (n, h, w, c) -> (c,)
        batch = {"mean": mean, "variance": variance}
        statistics = jax.tree.map(lambda old, new: (1 - MOMENTUM) * old + MOMENTUM * new, statistics, batch)
    else:
        mean, variance = statistics["mean"], statistics["variance"]  # (c,)
    return (x - mean) / jnp.sqrt(variance + EPSILON) * layer["scale"] + layer["bias"], statistics


# %%
@partial(jax.jit, static_argnames=("model", "loss_fn", "optimizer"), donate_argnames="state")
def train_step(model, loss_fn, optimizer, state, x, y):
    """Take a step on x (n, 784) and y (n,). Return the new (variables, optimizer state), and the loss before it, ()."""
    (params, statistics), optimizer_state = state

    def loss_of(params):
        logits, new = model((params, statistics), x, training=True)
        return loss_fn(logits, y), new  # `has_aux`: only the first result has a gradient

    (loss, statistics), grads = jax.value_and_grad(loss_of, has_aux=True)(params)
    updates, optimizer_state = optimizer.update(grads, optimizer_state, params)
    return ((optax.apply_updates(params, updates), statistics), optimizer_state), loss
