"""A residual network with batch normalization in PyTorch: a module has a mode, and buffers as well as parameters.

The rest of a training is in mnist.py: python -m impls pytorch --network resnet --epochs 3
"""

from torch import nn
from torch.nn.functional import max_pool2d, relu

MOMENTUM, EPSILON = 1 / 8, 2**-10


# %%
class ResNet(nn.Module):
    """The network: a stem and two residual blocks (arXiv:1512.03385), 16 and 32 channels. It returns logits (n, 10)."""

    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(1, 16)
        self.block_1 = Block(16, 16)
        self.block_2 = Block(16, 32)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        """Return logits (n, 10) of x (n, 784)."""
        x = x.unflatten(1, (1, 28, 28))  # (n, 784) -> (n, 1, 28, 28): PyTorch puts channels first
        x = max_pool2d(relu(self.stem(x)), 2)  # (n, 1, 28, 28) -> (n, 16, 14, 14)
        x = max_pool2d(self.block_1(x), 2)  # (n, 16, 14, 14) -> (n, 16, 7, 7)
        x = self.block_2(x)  # (n, 16, 7, 7) -> (n, 32, 7, 7)
        x = x.mean((2, 3))  # (n, 32, 7, 7) -> (n, 32)
        return self.head(x)  # (n, 32) -> (n, 10)


class Block(nn.Module):
    """Two convolutions whose result is added to their input x: (n, c, h, w) -> (n, outputs, h, w)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_1 = ConvNorm(inputs, outputs)
        self.conv_2 = ConvNorm(outputs, outputs)
        # With another number of channels, x itself could not be added.
        self.shortcut = ConvNorm(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x):
        """Return relu(x + f(x)): (n, c, h, w) -> (n, outputs, h, w)."""
        y = relu(self.conv_1(x))  # (n, c, h, w) -> (n, outputs, h, w)
        return relu(self.conv_2(y) + self.shortcut(x))


class ConvNorm(nn.Sequential):
    """A convolution, then batch normalization, which makes a bias of the convolution useless: it would subtract it."""

    def __init__(self, inputs, outputs, size=3):
        conv = nn.Conv2d(inputs, outputs, size, padding="same", bias=False)
        super().__init__(conv, BatchNorm2d(outputs, EPSILON, MOMENTUM))


class BatchNorm2d(nn.BatchNorm2d):
    """Batch normalization (arXiv:1502.03167) as in Keras and Flax: the running variance is that of the batches.

    PyTorch normalises by the variance of a batch as well, but keeps n / (n - 1) times it in the running variance.
    """

    def forward(self, x):
        """Normalise by the batch in training, and by the running statistics after `model.eval()`: (n, c, h, w)."""
        if not self.training:
            return super().forward(x)
        n, old = x.numel() // x.shape[1], (1 - self.momentum) * self.running_var
        x = super().forward(x)
        self.running_var = old + (self.running_var - old) * (n - 1) / n  # not in place: backward() needs the other one
        return x


MODELS = {"resnet": ResNet}
