"""Knowledge distillation in Keras: a function as the loss of `compile`, and targets that hold the teacher's logits.

The training is that of impls/keras/mnist.py, with this network, and this loss on targets (n, 2, 10).
`keras.distillation.Distiller` is not used. It computes the teacher's logits anew in each step, and its KL divergence
clips probabilities at 1e-7, where the gradient is 0.
"""

import keras

from impls.keras import mnist


def build_student():
    """Build the student 784 -> 30 -> 10. It returns logits (n, 10): the loss applies the softmax."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(30, activation="relu"),  # (n, 784) -> (n, 30)
            keras.layers.Dense(10),  # (n, 30) -> (n, 10)
        ]
    )


MODELS = {**mnist.MODELS, "student": build_student}


def make_loss(temperature, weight):
    """Return the loss: targets (n, 2, 10), logits (n, 10) -> (n,), in nats; Keras takes the mean over the batch."""

    def loss_fn(targets, logits):
        one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = keras.ops.softmax(teacher_logits / temperature)
        hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
        soft = keras.ops.categorical_crossentropy(soft_targets, logits / temperature, from_logits=True)  # -> (n,)
        return (1 - weight) * hard + weight * temperature**2 * soft

    return loss_fn
