"""Keras, taught: another loss, which takes the label and the teacher's logits as its target.

Not by `keras.distillation.Distiller`: it takes a teacher and not its logits, which it computes anew in each step, and
its KL divergence is of probabilities that are cut off at 1e-7, where it has no gradient.
"""

import keras

from impls import keras as float_keras
from impls.contract import Settings
from impls.distillation import Distillation, check_targets, evaluated


def build_student():
    """784 -> 30 -> 10, a ReLU after the hidden layer. Returns logits: the loss applies the softmax."""
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(30, activation="relu"),  # (n, 784) -> (n, 30)
            keras.layers.Dense(10),  # (n, 30) -> (n, 10)
        ]
    )


MODELS = {**float_keras.MODELS, "student": build_student}


class DistillationLoss(keras.losses.Loss):
    """Of targets (n, 2, 10) and logits (n, 10): mean over the batch."""

    def __init__(self, temperature, weight, dtype):
        super().__init__(dtype=dtype)
        self.temperature = temperature
        self.weight = weight

    def call(self, targets, logits):
        one_hot, teacher_logits = keras.ops.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = keras.ops.softmax(teacher_logits / self.temperature)
        hard = keras.ops.categorical_crossentropy(one_hot, logits, from_logits=True)  # (n, 10) -> (n,)
        soft = keras.ops.categorical_crossentropy(soft_targets, logits / self.temperature, from_logits=True)  # -> (n,)
        return (1 - self.weight) * hard + self.weight * self.temperature**2 * soft


class Classifier(float_keras.Classifier):
    """Trains a student on labels and on a teacher's logits."""

    def __init__(self, settings: Settings, distillation: Distillation):
        loss = DistillationLoss(distillation.temperature, distillation.weight, settings.dtype)
        super().__init__(settings, MODELS, loss)

    def prepare_batch(self, images, targets):
        return self._pixels(images), keras.ops.cast(check_targets(targets, len(images)), self.settings.dtype)

    def evaluate(self, images, labels):
        return evaluated(self.logits(images), labels)


if __name__ == "__main__":
    from impls.distillation._main import teach

    teach(float_keras.Classifier, Classifier)
