"""AdamW in JAX (arXiv:1711.05101): optax takes the learning rate as a function, and a mask of what decays.

The training is that of impls/jax/mnist.py.
"""

import jax.numpy as jnp
import optax


def cosine(peak, warmup, steps, first, last):
    """Return a function, step t -> learning rate: a line up to `peak` at `warmup`, half a cosine down until `steps`.

    t counts from 0. The rate is `first` times `peak` at step 0, and `last` times `peak` from `steps` on.
    """

    def rate(step):
        t = jnp.minimum(step, steps).astype(float)  # JAX' int32 / int is float32, even where float64 is enabled
        rising = first + (1 - first) * t / warmup
        progress = (t - warmup) / (steps - warmup)  # 0 at the peak, 1 at the end
        falling = last + (1 - last) * (1 + jnp.cos(jnp.pi * progress)) / 2
        return peak * jnp.where(t < warmup, rising, falling)  # no `if`: t is unknown when the step is compiled

    return rate


def kernels(params):
    """Return a dict like `params`, {layer: {name: ...}}, with True for what decays."""
    return {layer: {name: name == "kernel" for name in arrays} for layer, arrays in params.items()}


def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, weight_decay=1e-2, **options):
    """Return AdamW, which decays the kernels alone. `learning_rate` is a number, or a function of the step."""
    return optax.adamw(learning_rate, beta_1, beta_2, weight_decay=weight_decay, mask=kernels, **options)
