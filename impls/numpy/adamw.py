"""AdamW in NumPy (arXiv:1711.05101): a step scales the kernels down, then takes Adam's step, at a scheduled rate.

The training is that of impls/numpy/mnist.py. In float64 it is the reference.
"""

import math

from impls.numpy import mnist


def cosine(peak, warmup, steps, first, last):
    """Return a function, step t -> learning rate: a line up to `peak` at `warmup`, half a cosine down until `steps`.

    t counts from 0. The rate is `first` times `peak` at step 0, and `last` times `peak` from `steps` on.
    """

    def rate(t):
        if t < warmup:
            return peak * (first + (1 - first) * t / warmup)
        progress = (min(t, steps) - warmup) / (steps - warmup)  # 0 at the peak, 1 at the end
        return peak * (last + (1 - last) * (1 + math.cos(math.pi * progress)) / 2)

    return rate


class AdamW(mnist.Adam):
    """Adam with decoupled weight decay. `learning_rate` is a number, or a function of the step."""

    def __init__(self, params, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, weight_decay=1e-2, **options):
        super().__init__(params, learning_rate, beta_1, beta_2, **options)
        self.rate = learning_rate if callable(learning_rate) else lambda t: learning_rate
        self.weight_decay = weight_decay

    def step(self, params, grads):
        """Update `params` in place."""
        self.learning_rate = self.rate(self.steps)
        for name in params:
            if name.endswith("/kernel"):  # not in the gradient, where Adam would divide the decay by sqrt(v)
                params[name] -= self.learning_rate * self.weight_decay * params[name]
        super().step(params, grads)
