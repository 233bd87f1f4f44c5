"""A Vision Transformer in NumPy: attention, LayerNorm and GELU, each with its gradient derived by hand.

The rest of a training is in mnist.py: python -m impls numpy --network vit --epochs 3
"""

import math

import numpy as np

from impls.numpy import mnist

TOKENS, HEADS, HEAD_SIZE, WIDTH, HIDDEN, EPSILON = 16, 4, 16, 64, 128, 2**-16

# %% [markdown]
# An image is a sequence of 16 tokens, the patches of 7 x 7 pixels (arXiv:2010.11929). A layer returns its output and
# a function `backward(dy, grads)`, which adds the gradients of its parameters to `grads` and returns dL/dx:
# - LayerNorm (arXiv:1607.06450) y = s x^ + b with x^ = (x - mean) r and r = 1 / sqrt(variance + epsilon), over the
#   width: ds = the sum of dy x^, db = the sum of dy. With d = s dy, dx = r (d - mean(d) - x^ mean(d x^)), as the mean
#   and the variance depend on x as well;
# - GELU (arXiv:1606.08415) h = a F(a) with the normal distribution F(a) = (1 + erf(a / sqrt(2))) / 2, whose
#   derivative is the density f(a) = exp(-a^2 / 2) / sqrt(2 pi): da = dh (F(a) + a f(a));
# - attention (arXiv:1706.03762) o = A v with A = softmax(S) over the keys and S = q k^T / sqrt(head size):
#   dv = A^T do, dA = do v^T, dS = A (dA - the sum of A dA over the keys), dq = dS k / sqrt(head size), and
#   dk = dS^T q / sqrt(head size). A bias of k adds the same number to all S of a query, so its gradient is 0;
# - residual y = x + f(x): dx = dy + the gradient by f.


# %%
def vit(params, x):
    """Run the transformer on x (n, 784). Return logits z (n, 10), and `backward`: dL/dz -> gradients by name."""
    t, patch_backward = dense(params, "patch", to_patches(x))  # (n, 784) -> (n, 16, 49) -> (n, 16, 64)
    t = t + params["position/embedding"]  # (n, 16, 64) + (16, 64): without it the order of the tokens would not matter
    t, block_1_backward = block(params, "block_1", t)
    t, block_2_backward = block(params, "block_2", t)
    t, norm_backward = layer_norm(params, "norm", t)
    z, head_backward = dense(params, "head", t.mean(axis=1))  # (n, 16, 64) -> (n, 64) -> (n, 10)

    def backward(dz):
        grads = {}
        dmean = head_backward(dz, grads)  # (n, 10) -> (n, 64)
        dt = np.repeat(dmean[:, np.newaxis] / TOKENS, TOKENS, axis=1)  # (n, 64) -> (n, 16, 64): an equal part to each
        for layer_backward in (norm_backward, block_2_backward, block_1_backward):
            dt = layer_backward(dt, grads)
        grads["position/embedding"] = dt.sum(axis=0)  # (n, 16, 64) -> (16, 64)
        patch_backward(dt, grads)
        return grads

    return z, backward


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


def init(random, kernel_shapes, dtype=np.float32):
    """Return kernels and biases as mnist.py does, LayerNorms with scale 1 and bias 0, and small positions."""
    params = mnist.init(random, kernel_shapes, dtype)
    for norm in ("block_1/norm_1", "block_1/norm_2", "block_2/norm_1", "block_2/norm_2", "norm"):
        params |= {f"{norm}/scale": np.ones(WIDTH, dtype), f"{norm}/bias": np.zeros(WIDTH, dtype)}
    params["position/embedding"] = random.normal(0, 0.02, (TOKENS, WIDTH)).astype(dtype)
    return params


# %%
def to_patches(x):
    """Cut images into 4 x 4 patches, row by row, and each into its 7 x 7 pixels: (n, 784) -> (n, 16, 49)."""
    return x.reshape(-1, 4, 7, 4, 7).swapaxes(2, 3).reshape(-1, 16, 49)  # (n, 4, 7, 4, 7) -> (n, 4, 4, 7, 7)


def block(params, name, x):
    """Return x + attention(norm_1(x)), and to that + mlp(norm_2(.)): (n, 16, 64) -> (n, 16, 64)."""
    normal, norm_1_backward = layer_norm(params, f"{name}/norm_1", x)
    attended, attention_backward = attention(params, name, normal)
    h = x + attended
    normal, norm_2_backward = layer_norm(params, f"{name}/norm_2", h)
    a, mlp_1_backward = dense(params, f"{name}/mlp_1", normal)  # (n, 16, 64) -> (n, 16, 128)
    g, gelu_backward = gelu(a)
    out, mlp_2_backward = dense(params, f"{name}/mlp_2", g)  # (n, 16, 128) -> (n, 16, 64)

    def backward(dy, grads):
        da = gelu_backward(mlp_2_backward(dy, grads))  # (n, 16, 64) -> (n, 16, 128)
        dh = dy + norm_2_backward(mlp_1_backward(da, grads), grads)  # (n, 16, 128) -> (n, 16, 64)
        return dh + norm_1_backward(attention_backward(dh, grads), grads)

    return h + out, backward


def attention(params, name, x):
    """Let each token take a weighted mean of all tokens' values, in 4 heads: (n, 16, 64) -> (n, 16, 64)."""
    (q, q_backward), (k, k_backward), (v, v_backward) = (
        dense(params, f"{name}/{layer}", x) for layer in ("query", "key", "value")
    )
    q, k, v = map(split_heads, (q, k, v))  # (n, 16, 64) -> (n, 4, 16, 16)
    a = softmax(q @ k.mT / HEAD_SIZE**0.5)  # (n, 4, 16, 16): a row for each query; its 16 weights are of the keys
    o, output_backward = dense(params, f"{name}/output", join_heads(a @ v))  # (n, 4, 16, 16) -> (n, 16, 64)

    def backward(dy, grads):
        do = split_heads(output_backward(dy, grads))  # (n, 16, 64) -> (n, 4, 16, 16)
        da = do @ v.mT  # (n, 4, 16, 16)
        ds = a * (da - (da * a).sum(axis=-1, keepdims=True)) / HEAD_SIZE**0.5
        dq, dk, dv = map(join_heads, (ds @ k, ds.mT @ q, a.mT @ do))  # (n, 4, 16, 16) -> (n, 16, 64)
        return q_backward(dq, grads) + k_backward(dk, grads) + v_backward(dv, grads)

    return o, backward


def split_heads(x):
    """Give each head its 16 of the 64 numbers of a token: (n, 16, 64) -> (n, 4, 16, 16)."""
    return x.reshape(-1, TOKENS, HEADS, HEAD_SIZE).swapaxes(1, 2)


def join_heads(x):
    """Undo `split_heads`: (n, 4, 16, 16) -> (n, 16, 64)."""
    return x.swapaxes(1, 2).reshape(-1, TOKENS, WIDTH)


def softmax(s):
    """Return exp(s) / sum(exp(s)) over the last axis."""
    e = np.exp(s - s.max(axis=-1, keepdims=True))  # the same result, and exp cannot overflow
    return e / e.sum(axis=-1, keepdims=True)


def layer_norm(params, name, x):
    """Normalise each token, (..., 64), to mean 0 and variance 1; then scale and shift it. Return y and `backward`."""
    centred = x - x.mean(axis=-1, keepdims=True)
    r = 1 / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    normal = centred * r
    scale = params[f"{name}/scale"]

    def backward(dy, grads):
        grads[f"{name}/scale"] = (dy * normal).reshape(-1, WIDTH).sum(axis=0)  # (n, 16, 64) -> (64,)
        grads[f"{name}/bias"] = dy.reshape(-1, WIDTH).sum(axis=0)  # (n, 16, 64) -> (64,)
        d = dy * scale
        return r * (d - d.mean(axis=-1, keepdims=True) - normal * (d * normal).mean(axis=-1, keepdims=True))

    return normal * scale + params[f"{name}/bias"], backward


def gelu(a):
    """Return a F(a), and `backward`: dL/dh -> dL/da."""
    f = (1 + erf(a * 0.5**0.5)) / 2

    def backward(dh):
        return dh * (f + a * np.exp(-a * a / 2) / (2 * np.pi) ** 0.5)

    return a * f, backward


def erf(x):
    """Return the error function of each entry. NumPy has none; Python's is called for one number at a time."""
    return np.fromiter(map(math.erf, x.ravel().tolist()), x.dtype, x.size).reshape(x.shape)


def dense(params, layer, x):
    """Return x W + b, (..., inputs) -> (..., outputs), and `backward`."""
    rows = x.reshape(-1, x.shape[-1])  # (n, 16, inputs) -> (16 n, inputs): a row for each token
    a = rows @ params[f"{layer}/kernel"] + params[f"{layer}/bias"]  # (16 n, inputs) -> (16 n, outputs)

    def backward(da, grads):
        da = da.reshape(len(rows), -1)  # (n, 16, outputs) -> (16 n, outputs)
        grads |= mnist.gradients(params, **{layer: (rows, da)})
        return (da @ params[f"{layer}/kernel"].T).reshape(x.shape)  # (16 n, outputs) -> (n, 16, inputs)

    return a.reshape(*x.shape[:-1], -1), backward
