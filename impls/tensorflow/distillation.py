"""Knowledge distillation in TensorFlow: another function as the loss of the same step.

The training is that of impls/tensorflow/mnist.py, with this network, and this loss on targets (n, 2, 10).
"""

import tensorflow as tf

from impls.tensorflow import mnist


def build_student():
    """Build the student 784 -> 30 -> 10. It returns logits (n, 10): the loss applies the softmax."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((784,)),
            tf.keras.layers.Dense(30, activation="relu"),  # (n, 784) -> (n, 30)
            tf.keras.layers.Dense(10),  # (n, 30) -> (n, 10)
        ]
    )


MODELS = {**mnist.MODELS, "student": build_student}


def make_loss(temperature, weight):
    """Return the loss: targets (n, 2, 10), logits (n, 10) -> the mean over the batch, (), in nats."""

    def loss_fn(targets, logits):
        one_hot, teacher_logits = tf.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = tf.nn.softmax(teacher_logits / temperature)
        hard = tf.nn.softmax_cross_entropy_with_logits(one_hot, logits)  # (n, 10) -> (n,)
        soft = tf.nn.softmax_cross_entropy_with_logits(soft_targets, logits / temperature)  # (n, 10) -> (n,)
        return tf.reduce_mean((1 - weight) * hard + weight * temperature**2 * soft)  # (n,) -> ()

    return loss_fn
