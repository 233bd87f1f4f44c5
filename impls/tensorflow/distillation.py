"""TensorFlow, taught: another Keras loss, which takes the label and the teacher's logits as its target."""

import tensorflow as tf

from impls import tensorflow as float_tensorflow
from impls.contract import Settings
from impls.distillation import Distillation, check_targets, evaluated


def build_student(dtype):
    """784 -> 30 -> 10, a ReLU after the hidden layer. Returns logits: the loss applies the softmax."""
    return tf.keras.Sequential(
        [
            tf.keras.Input((784,), dtype=dtype),
            tf.keras.layers.Dense(30, activation="relu", dtype=dtype),  # (n, 784) -> (n, 30)
            tf.keras.layers.Dense(10, dtype=dtype),  # (n, 30) -> (n, 10)
        ]
    )


MODELS = {**float_tensorflow.MODELS, "student": build_student}


class DistillationLoss(tf.keras.losses.Loss):
    """Of targets (n, 2, 10) and logits (n, 10): mean over the batch."""

    def __init__(self, temperature, weight, dtype):
        super().__init__(dtype=dtype)
        self.temperature = temperature
        self.weight = weight

    def call(self, targets, logits):
        one_hot, teacher_logits = tf.unstack(targets, axis=1)  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = tf.nn.softmax(teacher_logits / self.temperature)
        hard = tf.nn.softmax_cross_entropy_with_logits(one_hot, logits)  # (n, 10) -> (n,)
        soft = tf.nn.softmax_cross_entropy_with_logits(soft_targets, logits / self.temperature)  # (n, 10) -> (n,)
        return (1 - self.weight) * hard + self.weight * self.temperature**2 * soft


class Classifier(float_tensorflow.Classifier):
    """Trains a student on labels and on a teacher's logits."""

    def __init__(self, settings: Settings, distillation: Distillation):
        loss = DistillationLoss(distillation.temperature, distillation.weight, settings.dtype)
        super().__init__(settings, MODELS, loss)

    def prepare_batch(self, images, targets):
        return self._pixels(images), tf.constant(check_targets(targets, len(images)), self.settings.dtype)

    def evaluate(self, images, labels):
        return evaluated(self.logits(images), labels)


if __name__ == "__main__":
    from impls.distillation._main import teach

    teach(float_tensorflow.Classifier, Classifier)
