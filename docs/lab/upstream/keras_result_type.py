"""Keras: `result_type("float64")` is float32 on JAX and PyTorch, so float64 layers compute in float32.

Measured with keras 3.15.1, jax 0.10.2, torch 2.15.0, numpy 2.4.6 and Python 3.11 on a CPU.
Run it with KERAS_BACKEND=jax (the default here) or KERAS_BACKEND=torch.

Expected: under floatx float64, errors of rounding, about 1e-16, as on TensorFlow.
Found: relative errors of 6e-8 to 5e-7, as in float32, without a warning.
Cause: keras/src/backend/common/dtypes.py, dict `BIT64_TO_BIT32_DTYPE`, line 240: "float64" becomes "float32" unless the
backend is TensorFlow. `_lattice_result_type` applies it (line 276). The layers cast their inputs to that dtype.
With float64 in that entry all errors are below 1e-15, but for MultiHeadAttention on JAX (1.0e-7: see jax_attention.py).
Known issue: keras#23704 (open; PyTorch), keras#23223 (closed; names this cause). For the layers on JAX not reported
yet, as far as a search showed on 2026-11-30.
Workaround: `keras.src.backend.common.dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"`, which is private.
"""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import keras
import numpy as np

keras.config.set_floatx("float64")
x = np.random.default_rng(0).normal(size=(8, 16, 4))  # batch, tokens, width


def normalized(axes):
    """Return x with mean 0 and variance 1 over these axes, with the epsilon of Keras' layers."""
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-3)


def attended(query, key, value, output):
    """Return the self-attention of x. Kernels: three of (width, heads, size), and one of (heads, size, width)."""
    q, k, v = (np.einsum("btw,whs->bhts", x, kernel) for kernel in (query, key, value))
    weights = np.exp(q @ np.swapaxes(k, 2, 3) / np.sqrt(q.shape[-1]))
    return np.einsum("bhts,hsw->btw", weights / weights.sum(-1, keepdims=True) @ v, output)


kernels = keras.initializers.GlorotUniform(seed=0)
attention = keras.layers.MultiHeadAttention(num_heads=2, key_dim=2, use_bias=False, kernel_initializer=kernels)
attention.build(x.shape, x.shape)
found = {
    "ops.matmul": (keras.ops.matmul(x, x[0].T), x @ x[0].T),
    "ops.mean": (keras.ops.mean(x, axis=1), x.mean(1)),
    "LayerNormalization": (keras.layers.LayerNormalization()(x), normalized(-1)),
    "BatchNormalization": (keras.layers.BatchNormalization()(x, training=True), normalized((0, 1))),
    "MultiHeadAttention": (attention(x, x), attended(*attention.get_weights())),
}
backend = keras.backend.backend()
print(f'{backend}: result_type("float64"): expected float64, found {keras.backend.result_type("float64")}')
fixed = []
for name, (y, expected) in found.items():
    y = keras.ops.convert_to_numpy(y)
    error = abs(y - expected).max() / abs(expected).max()
    print(f"{backend}: {name}: expected an error of 1e-16, found {error:.1e} in {y.dtype}")
    if error < 1e-12 and (backend, name) != ("jax", "ops.matmul"):  # exact on JAX
        fixed.append(name)
sys.exit(f"fixed: {', '.join(fixed)}" if fixed else 0)
