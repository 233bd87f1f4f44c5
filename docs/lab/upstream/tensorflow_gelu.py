"""TensorFlow: tf.nn.gelu rounds its constants to float32 for float64 inputs.

Measured with tensorflow 2.21.0, keras 3.15.1, numpy 2.4.6 and Python 3.11 on a CPU.

Expected: a float64 GELU with errors of rounding, about 1e-16.
Found: absolute errors up to 5.0e-9, and 9.0e-10 with approximate=True. `keras.activations.gelu` on TensorFlow calls it.
Cause: tensorflow/python/ops/nn_ops.py, function `gelu`, lines 3756 and 3747: `math_ops.cast(0.7071067811865476, ...)`
and `math_ops.cast(0.044715, ...)`. `cast` makes a float32 tensor of a Python float first, as its docstring says
(math_ops.py, lines 1004 to 1008). The docstring recommends `convert_to_tensor`. With it
the errors are 4.4e-16 and 8.9e-16.
Known issue: of `cast` tensorflow#57779 (closed, documented); of `gelu` not reported yet, as far as a search showed on
2026-11-30.
Workaround: 0.5 * x * (1 + tf.math.erf(x * 0.5**0.5))
"""

import math
import sys

import numpy as np
import tensorflow as tf

x = np.linspace(-4, 4, 1001)
exact = np.array([0.5 * each * (1 + math.erf(each * 0.5**0.5)) for each in x])
tanh = 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))
found = {
    "tf.nn.gelu": (tf.nn.gelu(tf.constant(x)), exact),
    "tf.nn.gelu, approximate=True": (tf.nn.gelu(tf.constant(x), approximate=True), tanh),
    "keras.activations.gelu": (tf.keras.activations.gelu(tf.constant(x)), exact),
    "workaround": (0.5 * tf.constant(x) * (1 + tf.math.erf(tf.constant(x) * 0.5**0.5)), exact),
}
errors = {name: float(abs(y.numpy() - expected).max()) for name, (y, expected) in found.items()}
for name, (y, expected) in found.items():
    print(f"{name}, x = 0.8: expected {expected[600]:.16f}, found {y[600]:.16f}, largest error {errors[name]:.1e}")

fixed = [name for name, error in errors.items() if error < 1e-12 and name != "workaround"]
sys.exit(f"fixed: {', '.join(fixed)}" if fixed else 0)
