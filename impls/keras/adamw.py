"""AdamW in Keras (arXiv:1711.05101): a schedule object in place of the rate, and variables that do not decay.

The training is that of impls/keras/mnist.py.
"""

import keras
import numpy as np


class Cosine(keras.optimizers.schedules.LearningRateSchedule):
    """Step t -> learning rate: a line up to `peak` at `warmup`, half a cosine down until `steps`.

    t counts from 0. The rate is `first` times `peak` at step 0, and `last` times `peak` from `steps` on.
    """

    def __init__(self, peak, warmup, steps, first, last):
        self.config = {"peak": peak, "warmup": warmup, "steps": steps, "first": first, "last": last}
        t = np.arange(steps + 1)
        rising = first + (1 - first) * t / max(warmup, 1)
        progress = (t - warmup) / (steps - warmup)  # 0 at the peak, 1 at the end
        falling = last + (1 - last) * (1 + np.cos(np.pi * progress)) / 2
        self.rates = peak * np.where(t < warmup, rising, falling)  # a table, as keras.ops.cos on JAX is of float32

    def __call__(self, step):
        """Return the learning rate, (), of an integer tensor, ()."""
        rates = keras.ops.convert_to_tensor(self.rates, keras.config.floatx())
        return keras.ops.take(rates, keras.ops.minimum(step, len(self.rates) - 1))

    def get_config(self):
        """Return the arguments of the constructor, which Keras saves."""
        return self.config


def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, weight_decay=4e-3, **options):
    """Return AdamW, which decays the kernels alone. `learning_rate` is a number or a schedule."""
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay, beta_1, beta_2, **options)
    # A pattern: names whose last part does not begin with kernel. On TensorFlow a name is a path.
    optimizer.exclude_from_weight_decay(var_names=["(^|/)(?!kernel)[^/]*$"])
    return optimizer
