"""Knowledge distillation in NumPy: the loss and its gradient by hand. In float64 it is the reference.

The training is that of impls/numpy/mnist.py, with this network, and this loss on targets (n, 2, 10).
"""

import numpy as np

from impls.numpy import mnist
from impls.numpy.mnist import log_softmax


def student(params, x):
    """Run the student 784 -> 30 -> 10. Return logits z (n, 10), and `backward`: dL/dz -> gradients by name."""
    h1 = np.maximum(x @ params["dense_1/kernel"] + params["dense_1/bias"], 0)  # (n, 784) -> (n, 30)
    z = h1 @ params["dense_2/kernel"] + params["dense_2/bias"]  # (n, 30) -> (n, 10)

    def backward(dz):
        da1 = dz @ params["dense_2/kernel"].T * (h1 > 0)  # (n, 10) -> (n, 30)
        return mnist.gradients(params, dense_1=(x, da1), dense_2=(h1, dz))

    return z, backward


MODELS = {**mnist.MODELS, "student": student}
KERNEL_SHAPES = {**mnist.KERNEL_SHAPES, "student": {"dense_1": (784, 30), "dense_2": (30, 10)}}


def make_loss(temperature, weight):
    """Return the loss: logits z (n, 10), targets (n, 2, 10) -> the mean over the batch in nats, and dL/dz (n, 10)."""

    def loss_fn(z, targets):
        one_hot, teacher_logits = targets[:, 0], targets[:, 1]  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = np.exp(log_softmax(teacher_logits / temperature))
        hard, soft = log_softmax(z), log_softmax(z / temperature)
        loss = (1 - weight) * cross_entropy(one_hot, hard) + weight * temperature**2 * cross_entropy(soft_targets, soft)
        # H(p, softmax(z / T)) = log(sum(exp(z / T))) - sum(p z / T), so T^2 dH/dz = T (softmax(z / T) - p).
        dz = (1 - weight) * (np.exp(hard) - one_hot) + weight * temperature * (np.exp(soft) - soft_targets)
        return loss, dz / len(z)

    return loss_fn


def cross_entropy(p, log_q):
    """Return the mean over the batch of H(p, q): (n, 10), (n, 10) -> ()."""
    return -(p * log_q).sum(axis=1).mean()
