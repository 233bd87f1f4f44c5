"""A residual network with batch normalization in NumPy: statistics of a batch, running statistics, and gradients.

The rest of a training is in mnist.py: python -m impls numpy --network resnet --epochs 3
"""

import numpy as np

from impls.numpy import mnist

MOMENTUM, EPSILON = 1 / 8, 2**-10

# %% [markdown]
# Batch normalization (arXiv:1502.03167) has two modes. A training step normalises each channel by its mean and its
# variance over the batch, and moves the running mean and the running variance an eighth of the way to them. Everything
# else normalises by the running ones, so that the logits of an image do not depend on the other images.
# - batch normalization y = s x^ + b with x^ = (a - mean) r and r = 1 / sqrt(variance + epsilon): ds = the sum of dy x^
#   and db = the sum of dy over the N pixels of a channel. As the mean and the variance depend on a as well,
#   da = s r (dy - (db + x^ ds) / N). A bias before it would have no effect, so the convolutions have none;
# - residual y = x + f(x): dx = dy + the gradient by f (arXiv:1512.03385).
# A layer returns its output and `backward(dy, grads)`, which adds the gradients of its parameters to `grads` and
# returns dL/dx. That is the gradient of a training step.


# %%
def resnet(params, x, training=False):
    """Run the network on x (n, 784). Return logits z (n, 10), and `backward`: dL/dz -> gradients by name.

    With `training` it replaces the running statistics, LAYER/mean and LAYER/variance, in `params`.
    """
    x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    a, stem_backward = conv_norm(params, "stem", x, training)  # (n, 28, 28, 1) -> (n, 28, 28, 16)
    h1 = np.maximum(a, 0)
    m1 = np.max(mnist.corners(h1), axis=0)  # (n, 28, 28, 16) -> (n, 14, 14, 16)
    h2, block_1_backward = block(params, "block_1", m1, training)
    m2 = np.max(mnist.corners(h2), axis=0)  # (n, 14, 14, 16) -> (n, 7, 7, 16)
    h3, block_2_backward = block(params, "block_2", m2, training)  # (n, 7, 7, 16) -> (n, 7, 7, 32)
    means = h3.mean(axis=(1, 2))  # (n, 7, 7, 32) -> (n, 32)
    z = means @ params["head/kernel"] + params["head/bias"]  # (n, 32) -> (n, 10)

    def backward(dz):
        grads = mnist.gradients(params, head=(means, dz))
        dmeans = dz @ params["head/kernel"].T  # (n, 10) -> (n, 32)
        pixels = h3.shape[1] * h3.shape[2]  # 7 x 7, of which each gets an equal part
        dh3 = np.broadcast_to(dmeans[:, np.newaxis, np.newaxis] / pixels, h3.shape)  # (n, 32) -> (n, 7, 7, 32)
        dm2 = block_2_backward(dh3, grads)  # (n, 7, 7, 32) -> (n, 7, 7, 16)
        dh2 = mnist.max_pool_gradient(dm2, h2, m2)  # (n, 7, 7, 16) -> (n, 14, 14, 16)
        dm1 = block_1_backward(dh2, grads)
        stem_backward(mnist.max_pool_gradient(dm1 * (m1 > 0), h1, m1), grads)  # (n, 14, 14, 16) -> (n, 28, 28, 16)
        return grads

    return z, backward


MODELS = {"resnet": resnet}
KERNEL_SHAPES = {
    "resnet": {
        "stem": (3, 3, 1, 16),
        **{"block_1/conv_1": (3, 3, 16, 16), "block_1/conv_2": (3, 3, 16, 16)},
        **{"block_2/conv_1": (3, 3, 16, 32), "block_2/conv_2": (3, 3, 32, 32), "block_2/shortcut": (1, 1, 16, 32)},
        "head": (32, 10),
    }
}


def init(random, kernel_shapes, dtype=np.float32):
    """Return kernels and biases as mnist.py does; scales are 1, running means 0 and running variances 1."""
    params = mnist.init(random, kernel_shapes, dtype)
    for layer, shape in kernel_shapes.items():
        if layer != "head":
            params |= {f"{layer}/{kind}": np.ones(shape[-1], dtype) for kind in ("scale", "variance")}
            params[f"{layer}/mean"] = np.zeros(shape[-1], dtype)
    return params


# %%
def block(params, name, x, training):
    """Return relu(x + f(x)) with two convolutions f: (n, h, w, c) -> (n, h, w, outputs)."""
    a1, conv_1_backward = conv_norm(params, f"{name}/conv_1", x, training)  # (n, h, w, c) -> (n, h, w, outputs)
    h1 = np.maximum(a1, 0)
    a2, conv_2_backward = conv_norm(params, f"{name}/conv_2", h1, training)
    skipped, skip_backward = x, lambda dy, grads: dy
    if f"{name}/shortcut/kernel" in params:  # then f changes the number of channels, and so must this
        skipped, skip_backward = conv_norm(params, f"{name}/shortcut", x, training)
    h2 = np.maximum(a2 + skipped, 0)

    def backward(dh2, grads):
        da2 = dh2 * (h2 > 0)
        da1 = conv_2_backward(da2, grads) * (h1 > 0)
        return conv_1_backward(da1, grads) + skip_backward(da2, grads)

    return h2, backward


def conv_norm(params, layer, x, training):
    """Convolve x, then normalise each channel: (n, h, w, c) -> (n, h, w, outputs)."""
    kernel = params[f"{layer}/kernel"]
    y, norm_backward = batch_norm(params, layer, convolve(x, kernel), training)

    def backward(dy, grads):
        da = norm_backward(dy, grads)
        inputs = patches(x, len(kernel))
        grads[f"{layer}/kernel"] = (inputs.T @ da.reshape(len(inputs), -1)).reshape(kernel.shape)
        rotated = kernel[::-1, ::-1].swapaxes(2, 3)  # (3, 3, c, outputs) -> (3, 3, outputs, c)
        return None if layer == "stem" else convolve(da, rotated)  # images need no gradient

    return y, backward


def batch_norm(params, layer, a, training):
    """Normalise each channel of a (n, h, w, c) to mean 0 and variance 1; then scale and shift it."""
    mean, variance = params[f"{layer}/mean"], params[f"{layer}/variance"]  # (c,)
    if training:
        mean = total(a) / (a.size // len(mean))  # (n, h, w, c) -> (c,)
        variance = total((a - mean) ** 2) / (a.size // len(mean))  # biased: divided by N, not by N - 1
        for kind, new in (("mean", mean), ("variance", variance)):
            params[f"{layer}/{kind}"] = (1 - MOMENTUM) * params[f"{layer}/{kind}"] + MOMENTUM * new
    r = 1 / np.sqrt(variance + EPSILON)  # (c,)
    normal, scale = (a - mean) * r, params[f"{layer}/scale"]

    def backward(dy, grads):
        ds, db = total(dy * normal), total(dy)  # (n, h, w, c) -> (c,)
        grads |= {f"{layer}/scale": ds, f"{layer}/bias": db}
        return scale * r * (dy - (db + normal * ds) / (dy.size // len(ds)))

    return normal * scale + params[f"{layer}/bias"], backward


def total(x):
    """Return the sum of each channel: (n, h, w, c) -> (c,).

    It adds image by image. NumPy would add 100,352 numbers one after the other, with errors of 2e-14 instead of 5e-16.
    """
    return x.sum(axis=(1, 2)).sum(axis=0)  # (n, h, w, c) -> (n, c) -> (c,)


def convolve(x, kernel):
    """Apply a 3 x 3 or a 1 x 1 kernel, not rotated: (n, h, w, c) -> (n, h, w, outputs)."""
    inputs = patches(x, len(kernel))  # (n, h, w, c) -> (n h w, 9 c), or (n h w, c)
    return (inputs @ kernel.reshape(inputs.shape[1], -1)).reshape(*x.shape[:3], -1)  # -> (n, h, w, outputs)


def patches(x, size):
    """Return a row for each pixel, the patch of `size` x `size` pixels around it: (n, h, w, c) -> (n h w, size² c)."""
    return mnist.patches(x) if size == 3 else x.reshape(-1, x.shape[3])  # 3 x 3, or the pixel alone
