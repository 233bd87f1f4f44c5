"""Keras: the schedule CosineDecay computes in float32 under floatx float64.

Measured with keras 3.15.1, tensorflow 2.21.0, jax 0.10.2, numpy 2.4.6 and Python 3.11 on a CPU.
Run it with KERAS_BACKEND=tensorflow (the default here) or KERAS_BACKEND=jax.

Expected: a learning rate in float64, with errors of rounding, about 1e-16.
Found: relative errors of 5.7e-7 on TensorFlow and 6.5e-7 on JAX, near the end, where 1 + cos cancels.
Cause, TensorFlow: keras/src/optimizers/schedules/learning_rate_schedule.py, `CosineDecay.__call__`, line 715:
`ops.convert_to_tensor` without a dtype makes float32 of a Python float. All other numbers are cast to its dtype. With
that line fixed, `ops.cast` (line 733) still rounds `warmup_target`, a Python float, to float32: see tensorflow_gelu.py.
With both fixed the error is 2.2e-16.
Cause, JAX: `ops.cos` (line 700) casts to `result_type`, which is float32: see keras_result_type.py. With that
fixed the error is 2.2e-16.
Known issue: not reported yet, as far as a search showed on 2026-11-30.
Workaround: `optimizer.learning_rate.assign(rate(step))` before each step, with a constant rate given to the optimizer.
"""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import keras
import numpy as np

keras.config.set_floatx("float64")
FIRST, PEAK, LAST, WARMUP, STEPS = 1e-4, 1e-3, 1e-5, 16, 100
schedule = keras.optimizers.schedules.CosineDecay(
    FIRST, STEPS - WARMUP, alpha=LAST / PEAK, warmup_target=PEAK, warmup_steps=WARMUP
)
optimizer = keras.optimizers.SGD(FIRST)

t = np.array([0, 5, 16, 50, 99])
cosine = LAST + (PEAK - LAST) * (1 + np.cos(np.pi * (t - WARMUP) / (STEPS - WARMUP))) / 2
expected = np.where(t < WARMUP, FIRST + (PEAK - FIRST) * t / WARMUP, cosine)
rates, assigned = [], []
for step, rate in zip(t, expected, strict=True):
    rates.append(keras.ops.convert_to_numpy(schedule(step)))
    optimizer.learning_rate.assign(rate)
    assigned.append(keras.ops.convert_to_numpy(optimizer.learning_rate))
errors = {}
for name, found in {"CosineDecay": rates, "workaround": assigned}.items():
    errors[name] = max(abs(np.array(found, "float64") / expected - 1))
    print(f"{name}, step 99: expected {expected[-1]:.16f}, found {float(found[-1]):.16f} in {found[-1].dtype}")
    print(f"{name}: expected an error of 1e-16, found {errors[name]:.1e}")
sys.exit("fixed: the schedule is exact in float64" if errors["CosineDecay"] < 1e-12 else 0)
