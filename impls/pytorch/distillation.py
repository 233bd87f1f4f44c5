"""Knowledge distillation in PyTorch: `cross_entropy` also takes probabilities, so it computes both parts of the loss.

The training is that of impls/pytorch/mnist.py, with this network, and this loss on targets (n, 2, 10).
"""

from torch import nn
from torch.nn.functional import cross_entropy, relu, softmax

from impls.pytorch import mnist


class Student(nn.Module):
    """The student 784 -> 30 -> 10. It returns logits (n, 10): the loss applies the softmax."""

    def __init__(self):
        super().__init__()
        self.dense_1 = nn.Linear(784, 30)
        self.dense_2 = nn.Linear(30, 10)

    def forward(self, x):
        """Return logits (n, 10) of x (n, 784)."""
        x = relu(self.dense_1(x))  # (n, 784) -> (n, 30)
        return self.dense_2(x)  # (n, 30) -> (n, 10)


MODELS = {**mnist.MODELS, "student": Student}


def make_loss(temperature, weight):
    """Return the loss: logits (n, 10), targets (n, 2, 10) -> the mean over the batch, (), in nats."""

    def loss_fn(logits, targets):
        one_hot, teacher_logits = targets.unbind(dim=1)  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = softmax(teacher_logits / temperature, dim=1)
        hard = cross_entropy(logits, one_hot)
        soft = cross_entropy(logits / temperature, soft_targets)
        return (1 - weight) * hard + weight * temperature**2 * soft

    return loss_fn
