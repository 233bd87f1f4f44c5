"""Knowledge distillation in JAX: another pure function as the loss of the same jitted step.

The training is that of impls/jax/mnist.py, with this network, and this loss on targets (n, 2, 10).
"""

import jax
import optax

from impls.jax import mnist


def student(params, x):
    """Run the student 784 -> 30 -> 10. Return logits (n, 10): the loss applies the softmax."""
    x = jax.nn.relu(mnist.dense(params["dense_1"], x))  # (n, 784) -> (n, 30)
    return mnist.dense(params["dense_2"], x)  # (n, 30) -> (n, 10)


MODELS = {**mnist.MODELS, "student": student}
KERNEL_SHAPES = {**mnist.KERNEL_SHAPES, "student": {"dense_1": (784, 30), "dense_2": (30, 10)}}


def make_loss(temperature, weight):
    """Return the loss: logits (n, 10), targets (n, 2, 10) -> the mean over the batch, (), in nats."""

    def loss_fn(logits, targets):
        one_hot, teacher_logits = targets[:, 0], targets[:, 1]  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = jax.nn.softmax(teacher_logits / temperature)
        hard = optax.softmax_cross_entropy(logits, one_hot).mean()  # (n, 10) -> ()
        soft = optax.softmax_cross_entropy(logits / temperature, soft_targets).mean()  # (n, 10) -> ()
        return (1 - weight) * hard + weight * temperature**2 * soft

    return loss_fn
