"""MNIST in PyTorch: modules with a forward method, integer labels, and an explicit training loop.

Run it from any folder: python impls/pytorch/mnist.py --network cnn --epochs 3
"""

import argparse
import os
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import cross_entropy, max_pool2d, relu, softmax
from torchvision import datasets


# %%
class MLP(nn.Module):
    """The MLP 784 -> 512 -> 256 -> 10. It returns logits (n, 10): the loss applies the softmax."""

    def __init__(self):
        super().__init__()
        self.dense_1 = nn.Linear(784, 512)
        self.dense_2 = nn.Linear(512, 256)
        self.dense_3 = nn.Linear(256, 10)

    def forward(self, x):
        """Return logits (n, 10) of x (n, 784)."""
        x = relu(self.dense_1(x))  # (n, 784) -> (n, 512)
        x = relu(self.dense_2(x))  # (n, 512) -> (n, 256)
        return self.dense_3(x)  # (n, 256) -> (n, 10)


class CNN(nn.Module):
    """The CNN: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, then two dense layers."""

    def __init__(self):
        super().__init__()
        self.conv_1 = nn.Conv2d(1, 32, 3, padding="same")
        self.conv_2 = nn.Conv2d(32, 64, 3, padding="same")
        self.dense_1 = nn.Linear(64 * 7 * 7, 128)
        self.dense_2 = nn.Linear(128, 10)

    def forward(self, x):
        """Return logits (n, 10) of x (n, 784)."""
        x = x.unflatten(1, (1, 28, 28))  # (n, 784) -> (n, 1, 28, 28): PyTorch puts channels first
        x = max_pool2d(relu(self.conv_1(x)), 2)  # (n, 1, 28, 28) -> (n, 32, 14, 14)
        x = max_pool2d(relu(self.conv_2(x)), 2)  # (n, 32, 14, 14) -> (n, 64, 7, 7)
        x = x.flatten(1)  # (n, 64, 7, 7) -> (n, 3136)
        x = relu(self.dense_1(x))  # (n, 3136) -> (n, 128)
        return self.dense_2(x)  # (n, 128) -> (n, 10)


MODELS = {"mlp": MLP, "cnn": CNN}


# %%
def load_mnist(folder):
    """Return ((images, labels), (test images, labels)): uint8 (n, 28, 28), int64 (n,). Download missing files."""
    parts = [datasets.MNIST(folder, train=train, download=True) for train in (True, False)]
    return [(part.data.numpy(), part.targets.numpy()) for part in parts]


def preprocess(images, dtype=torch.float32):
    """Scale uint8 (n, 28, 28) in 0..255 to `dtype` (n, 784) in [0, 1]."""
    return torch.tensor(images).to(dtype).flatten(1) / 255  # (n, 28, 28) -> (n, 784)


# %%
def make_optimizer(model, learning_rate=1e-3, beta_1=0.9, beta_2=0.999):
    """Return Adam (arXiv:1412.6980). `fused` updates all parameters in one kernel."""
    return torch.optim.Adam(model.parameters(), learning_rate, (beta_1, beta_2), fused=True)


def train_step(model, loss_fn, optimizer, x, y):
    """Update the parameters by one batch, x (n, 784) and y (n,). Return the loss before the update, ()."""
    optimizer.zero_grad()  # because backward() adds to the gradients
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.detach()  # a sum of losses would keep the graph of each


def train_epoch(model, loss_fn, optimizer, x, y, batch_size=128):
    """Take a step for each batch, in a new random order. Return the mean loss over the images, in nats."""
    model.train()  # layers such as dropout depend on the mode; these networks have none
    total = torch.zeros((), dtype=torch.float64, device=x.device)  # item() in each step would wait for a GPU
    # With a DataLoader, which fetches images one at a time, an epoch takes three times as long.
    for rows in torch.randperm(len(x), device=x.device).split(batch_size):  # the indices of a batch
        total += train_step(model, loss_fn, optimizer, x[rows], y[rows]) * len(rows)
    return total.item() / len(x)


@torch.inference_mode()  # no graph for gradients
def evaluate(model, loss_fn, x, y):
    """Return the mean loss in nats, and the fraction of images whose largest logit is that of their label."""
    model.eval()
    parts = x.split(1000)  # because the CNN needs 0.2 MB for each image
    logits = torch.cat([model(part) for part in parts])  # (n, 784) -> (n, 10)
    return loss_fn(logits, y).item(), (logits.argmax(1) == y).double().mean().item()


@torch.inference_mode()  # no graph for gradients
def predict(model, x):
    """Return probabilities (n, 10); each row sums to 1."""
    return softmax(model(x), 1)  # (n, 784) -> (n, 10)


# %%
def main():
    """Train a network, and print its loss and its test accuracy after each epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=MODELS, default="mlp")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    folder = os.environ.get("MNIST_DIR") or Path.home() / ".cache" / "mnist-frameworks"
    try:
        (images, labels), (test_images, test_labels) = load_mnist(folder)
    except (OSError, RuntimeError) as error:
        raise SystemExit(
            f"error: no MNIST in {folder} (set MNIST_DIR), and no download: {str(error).splitlines()[0]}"
        ) from None

    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = MODELS[args.network]().to(device)
    optimizer = make_optimizer(model)
    x, y = preprocess(images).to(device), torch.tensor(labels).to(device)
    test_x, test_y = preprocess(test_images).to(device), torch.tensor(test_labels).to(device)
    for epoch in range(1, args.epochs + 1):
        loss = train_epoch(model, cross_entropy, optimizer, x, y)
        test_loss, accuracy = evaluate(model, cross_entropy, test_x, test_y)
        print(f"epoch {epoch}: loss {loss:.4f}, test loss {test_loss:.4f}, test accuracy {accuracy:.2%}")


if __name__ == "__main__":
    main()
