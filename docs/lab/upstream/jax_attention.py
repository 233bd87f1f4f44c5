"""JAX: jax.nn.dot_product_attention computes its softmax in float32 for float64 inputs.

Measured with jax 0.10.2, numpy 2.4.6 and Python 3.11 on a CPU. jax 0.12.0.1 has the same line (read, not run).

Expected: under x64 a float64 result with errors of rounding, about 1e-16.
Found: relative errors of 9.4e-8, and no option that changes it.
Cause: jax/_src/nn/functions.py, `_dot_product_attention_core`, line 970: `padded_logits.astype(np.float32)`, with the
comment that the softmax is always carried out in fp32. The result is cast back to float64. Line 928 promotes the
dtype of the logits (`jnp.promote_types(query.dtype, np.float32)`): the same would do here.
With float64 in line 970 the error is 4.5e-16.
Known issue: not reported yet, as far as a search showed on 2026-11-30. Related: jax#34114 (a pull request for float64
masks that overflow in that cast).
Workaround: jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(jnp.einsum("bthd,bshd->bhts", q, k) / d**0.5), v)
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
q, k, v = np.random.default_rng(0).normal(size=(3, 2, 16, 4, 8))  # batch, tokens, heads, size of a head
weights = np.exp(np.einsum("bthd,bshd->bhts", q, k) / 8**0.5)
expected = np.einsum("bhts,bshd->bthd", weights / weights.sum(-1, keepdims=True), v)

softmax = jax.nn.softmax(jnp.einsum("bthd,bshd->bhts", q, k) / 8**0.5)
found = {
    "jax.nn.dot_product_attention": jax.nn.dot_product_attention(*map(jnp.asarray, (q, k, v))),
    "workaround": jnp.einsum("bhts,bshd->bthd", softmax, v),
}
errors = {name: float(abs(y - expected).max() / abs(expected).max()) for name, y in found.items()}
for name, y in found.items():
    print(f"{name}, first number: expected {expected.flat[0]:.16f}, found {y.ravel()[0]:.16f} in {y.dtype}")
    print(f"{name}: expected an error of 1e-16, found {errors[name]:.1e}")
sys.exit("fixed: exact in float64" if errors["jax.nn.dot_product_attention"] < 1e-12 else 0)
