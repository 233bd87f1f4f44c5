"""PyTorch, taught: cross-entropy takes probabilities in place of labels, so both parts of the loss are one function."""

import torch
from torch import nn
from torch.nn import functional as F

from impls import pytorch as float_pytorch
from impls.contract import Settings
from impls.distillation import Distillation, check_targets, evaluated


class Student(nn.Module):
    """784 -> 30 -> 10, a ReLU after the hidden layer. Returns logits: the loss applies the softmax."""

    def __init__(self):
        super().__init__()
        self.dense_1 = nn.Linear(784, 30)
        self.dense_2 = nn.Linear(30, 10)

    def forward(self, x):
        x = F.relu(self.dense_1(x))  # (n, 784) -> (n, 30)
        return self.dense_2(x)  # (n, 30) -> (n, 10)


MODELS = {**float_pytorch.MODELS, "student": Student}


class DistillationLoss(nn.Module):
    """Of logits (n, 10) and targets (n, 2, 10): mean over the batch."""

    def __init__(self, temperature, weight):
        super().__init__()
        self.temperature = temperature
        self.weight = weight

    def forward(self, logits, targets):
        one_hot, teacher_logits = targets.unbind(dim=1)  # (n, 2, 10) -> (n, 10), (n, 10)
        soft_targets = F.softmax(teacher_logits / self.temperature, dim=1)
        hard = F.cross_entropy(logits, one_hot)
        soft = F.cross_entropy(logits / self.temperature, soft_targets)
        return (1 - self.weight) * hard + self.weight * self.temperature**2 * soft


class Classifier(float_pytorch.Classifier):
    """Trains a student on labels and on a teacher's logits."""

    def __init__(self, settings: Settings, distillation: Distillation):
        super().__init__(settings, MODELS, DistillationLoss(distillation.temperature, distillation.weight))

    def prepare_batch(self, images, targets):
        targets = torch.tensor(check_targets(targets, len(images)), device=self.device, dtype=self.dtype)
        return self._pixels(images), targets

    def evaluate(self, images, labels):
        return evaluated(self.logits(images), labels)


if __name__ == "__main__":
    from impls.distillation._main import teach

    teach(float_pytorch.Classifier, Classifier)
