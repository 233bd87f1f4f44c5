"""Mistakes of porting batch normalization, in PyTorch."""
# ruff: noqa: N801 - a class is a mistake here, and its functions take the place of others

from torch import nn
from torch.nn.functional import batch_norm, relu

from impls.pytorch import adapter, mnist, resnet
from tests.mistakes import Mistake, catchers


class running_variance_unbiased(Mistake):
    caught_by = catchers.STATISTICS

    class BatchNorm2d(nn.BatchNorm2d):
        pass


class momentum_of_the_old_statistics(Mistake):
    caught_by = catchers.STATISTICS
    MOMENTUM = 7 / 8


class momentum_of_pytorch(Mistake):
    caught_by = catchers.STATISTICS
    MOMENTUM = 0.1


class epsilon_of_pytorch(Mistake):
    caught_by = catchers.LOGITS
    EPSILON = 1e-5


class epsilon_of_keras(Mistake):
    caught_by = catchers.LOGITS
    EPSILON = 1e-3


class evaluation_by_batch_statistics(Mistake):
    caught_by = catchers.ALONE

    class BatchNorm2d(resnet.BatchNorm2d):
        def forward(self, x):
            if self.training:
                return super().forward(x)
            return batch_norm(x, None, None, self.weight, self.bias, True, 0, self.eps)


class evaluation_that_changes_the_statistics(Mistake):
    caught_by = catchers.STATE

    class Adapter(adapter.Adapter):
        def evaluate_batch(self, batch):
            self.model.train()
            self.model(batch[0])
            return super().evaluate_batch(batch)


class training_by_running_statistics_after_an_evaluation(Mistake):
    caught_by = catchers.STATE

    class Adapter(adapter.Adapter):
        def train_step(self, batch):
            return mnist.train_step(self.model, self.loss_fn, self.optimizer, *batch)


class statistics_not_resumed(Mistake):
    caught_by = catchers.RESUMED

    class Adapter(adapter.Adapter):
        def assign_statistics(self, arrays):
            pass


class relu_before_the_sum(Mistake):
    caught_by = catchers.LOGITS

    class Block(resnet.Block):
        def forward(self, x):
            y = relu(self.conv_1(x))  # (n, c, h, w) -> (n, outputs, h, w)
            return relu(self.conv_2(y)) + self.shortcut(x)


class shortcut_not_normalised(Mistake):
    caught_by = catchers.COUNT

    class Block(resnet.Block):
        def __init__(self, inputs, outputs):
            super().__init__(inputs, outputs)
            if inputs != outputs:
                self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)
