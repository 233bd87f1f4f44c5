"""JAX, taught: another loss function in the same jitted step."""

from functools import partial

import jax
import optax

from impls import jax as float_jax
from impls.contract import Settings
from impls.distillation import Distillation, check_targets, evaluated


def student(p, x):
    """784 -> 30 -> 10, a ReLU after the hidden layer. Returns logits: the loss applies the softmax."""
    x = jax.nn.relu(x @ p["dense_1/kernel"] + p["dense_1/bias"])  # (n, 784) -> (n, 30)
    return x @ p["dense_2/kernel"] + p["dense_2/bias"]  # (n, 30) -> (n, 10)


MODELS = {**float_jax.MODELS, "student": student}


def distillation_loss(temperature, weight, logits, targets):
    """Of logits (n, 10) and targets (n, 2, 10): mean over the batch."""
    one_hot, teacher_logits = targets[:, 0], targets[:, 1]  # (n, 2, 10) -> (n, 10), (n, 10)
    soft_targets = jax.nn.softmax(teacher_logits / temperature)
    hard = optax.softmax_cross_entropy(logits, one_hot).mean()
    soft = optax.softmax_cross_entropy(logits / temperature, soft_targets).mean()
    return (1 - weight) * hard + weight * temperature**2 * soft


class Classifier(float_jax.Classifier):
    """Trains a student on labels and on a teacher's logits."""

    def __init__(self, settings: Settings, distillation: Distillation):
        loss = partial(distillation_loss, distillation.temperature, distillation.weight)
        super().__init__(settings, MODELS, loss)

    def prepare_batch(self, images, targets):
        targets = check_targets(targets, len(images)).astype(self.settings.dtype)
        return self._pixels(images), jax.device_put(targets, self.device)

    def evaluate(self, images, labels):
        return evaluated(self.logits(images), labels)


if __name__ == "__main__":
    from impls.distillation._main import teach

    teach(float_jax.Classifier, Classifier)
