"""AdamW in TensorFlow (arXiv:1711.05101): a schedule object in place of the rate, and variables that do not decay.

The training is that of impls/tensorflow/mnist.py.
"""

import math

import tensorflow as tf


class Cosine(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Step t -> learning rate: a line up to `peak` at `warmup`, half a cosine down until `steps`.

    t counts from 0. The rate is `first` times `peak` at step 0, and `last` times `peak` from `steps` on.
    """

    def __init__(self, peak, warmup, steps, first, last):
        self.peak, self.warmup, self.steps, self.first, self.last = peak, warmup, steps, first, last

    def __call__(self, step):
        """Return the learning rate, float64 (), of an integer tensor, ()."""
        t = tf.cast(tf.minimum(step, self.steps), tf.float64)
        rising = self.first + (1 - self.first) * t / self.warmup
        progress = (t - self.warmup) / (self.steps - self.warmup)  # 0 at the peak, 1 at the end
        falling = self.last + (1 - self.last) * (1 + tf.cos(math.pi * progress)) / 2
        return self.peak * tf.where(t < self.warmup, rising, falling)

    def get_config(self):
        """Return the arguments of the constructor, which Keras saves."""
        return vars(self)


def make_optimizer(model, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, weight_decay=4e-3, **options):
    """Return AdamW, which decays the kernels of `model` alone. `learning_rate` is a number or a schedule."""
    optimizer = tf.keras.optimizers.AdamW(learning_rate, weight_decay, beta_1, beta_2, **options)
    # A pattern: names whose last part does not begin with kernel. On TensorFlow a name is a path.
    optimizer.exclude_from_weight_decay(var_names=["(^|/)(?!kernel)[^/]*$"])
    optimizer.build(model.trainable_variables)  # before tf.function, which may create variables in its first call only
    return optimizer
