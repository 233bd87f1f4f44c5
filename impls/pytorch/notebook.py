"""PyTorch as in most notebooks, the baseline: a DataLoader that converts one image at a time, and Adam's defaults."""

import torch
from torch import nn
from torchvision import datasets, transforms


def train(directory, batch_size, epochs, on_epoch):
    """Train the MLP on MNIST in `directory`. Call `on_epoch(epoch, mean loss in nats)` after each epoch, from 1 on."""
    images = datasets.MNIST(directory, train=True, transform=transforms.ToTensor())
    loader = torch.utils.data.DataLoader(images, batch_size=batch_size, shuffle=True)
    model = nn.Sequential(
        nn.Flatten(),  # (n, 1, 28, 28) -> (n, 784)
        nn.Linear(784, 512),
        nn.ReLU(),
        nn.Linear(512, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(1, epochs + 1):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        on_epoch(epoch, total / len(images))
