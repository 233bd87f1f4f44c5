"""NumPy, taught: the loss and its gradient by hand. In float64 it is the referee of all the others."""

import numpy as np

from impls import numpy as float_numpy
from impls.contract import Settings
from impls.distillation import Distillation, check_targets
from impls.numpy import log_softmax, parameter_gradients


def student(p, x):
    """784 -> 30 -> 10, a ReLU after the hidden layer."""
    h1 = np.maximum(x @ p["dense_1/kernel"] + p["dense_1/bias"], 0)  # (n, 784) -> (n, 30)
    z = h1 @ p["dense_2/kernel"] + p["dense_2/bias"]  # (n, 30) -> (n, 10)

    def backward(dz):
        da1 = dz @ p["dense_2/kernel"].T * (h1 > 0)  # (n, 10) -> (n, 30)
        return {"dense_1": (x, da1), "dense_2": (h1, dz)}

    return z, backward


MODELS = {**float_numpy.MODELS, "student": student}


def distillation_loss(distillation, z, targets):
    """The loss, and dL/dz: (n, 10)."""
    temperature, weight = distillation.temperature, distillation.weight
    one_hot, t = targets[:, 0], targets[:, 1]  # (n, 2, 10) -> (n, 10), (n, 10)
    soft_targets = np.exp(log_softmax(t / temperature))
    hard, soft = log_softmax(z), log_softmax(z / temperature)
    loss = (1 - weight) * cross_entropy(one_hot, hard) + weight * temperature**2 * cross_entropy(soft_targets, soft)
    # H(p, softmax(z / T)) = log(sum(exp(z / T))) - sum(p z / T), so dH/dz = (softmax(z / T) - p) / T: one T stays.
    dz = (1 - weight) * (np.exp(hard) - one_hot) + weight * temperature * (np.exp(soft) - soft_targets)
    return loss, dz / len(z)


def cross_entropy(p, log_q):
    """Mean over the batch of H(p, q)."""
    return -(p * log_q).sum(axis=1).mean()


class Classifier(float_numpy.Classifier):
    """Trains a student on labels and on a teacher's logits."""

    def __init__(self, settings: Settings, distillation: Distillation):
        self.distillation = distillation
        super().__init__(settings, MODELS)

    def prepare_batch(self, images, targets):
        return self._pixels(images), check_targets(targets, len(images)).astype(self.settings.dtype)

    def _loss_and_gradients(self, pixels, targets):
        logits, backward = self.model(self.parameters, pixels)
        loss, dz = distillation_loss(self.distillation, logits, targets)
        return loss, parameter_gradients(self.parameters, backward(dz))


if __name__ == "__main__":
    from impls.distillation._main import teach

    teach(float_numpy.Classifier, Classifier)
