"""optax: warmup_cosine_decay_schedule computes in float32 under jax_enable_x64.

Measured with optax 0.2.8, jax 0.10.2, numpy 2.4.6 and Python 3.11 on a CPU.

Expected: under x64 a learning rate in float64, with errors of rounding, about 1e-16.
Found: float32, with a relative error of 6.3e-7 near the end, where 1 + cos cancels.
Cause: optax/schedules/_schedule.py, `polynomial_schedule`, line 142: `count / transition_steps`. The count of an
optimizer is int32, and in JAX an int32 divided by a Python integer is float32, also under x64. Then
optax/schedules/_join.py, `join_schedules`, line 43: `jnp.where` rounds the cosine, a weakly typed float64, to
the dtype of the linear part. With a float64 count in line 142 the error is 4.4e-16.
Known issue: not reported yet, as far as a search showed on 2026-11-30.
Workaround: optax.adamw(lambda count: schedule(count.astype(jnp.float64)))
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)
FIRST, PEAK, LAST, WARMUP, STEPS = 1e-4, 1e-3, 1e-5, 16, 100
schedule = optax.warmup_cosine_decay_schedule(FIRST, PEAK, WARMUP, STEPS, LAST)

t = np.array([0, 5, 16, 50, 99])
cosine = LAST + (PEAK - LAST) * (1 + np.cos(np.pi * (t - WARMUP) / (STEPS - WARMUP))) / 2
expected = np.where(t < WARMUP, FIRST + (PEAK - FIRST) * t / WARMUP, cosine)
errors = {}
for name, dtype in {"count in int32": jnp.int32, "workaround, count in float64": jnp.float64}.items():
    rates = [schedule(dtype(step)) for step in t]
    errors[name] = max(abs(np.array(rates, "float64") / expected - 1))
    print(f"{name}, step 99: expected {expected[-1]:.16f}, found {float(rates[-1]):.16f} in {rates[-1].dtype}")
    print(f"{name}: expected an error of 1e-16, found {errors[name]:.1e}")
sys.exit("fixed: the schedule is exact in float64" if errors["count in int32"] < 1e-12 else 0)
