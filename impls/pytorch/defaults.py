"""The defaults of PyTorch, observed: by what comes out, or by a signature."""

import inspect

import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, SequentialSampler


def defaults():
    """Return default -> observed value, for the rows of `impls.defaults.rows`."""
    torch.manual_seed(0)
    return {**layers(), **functions(), **optimizers(), **training()}


def layers():
    """Return layouts, initial values, and numbers of layers."""
    dense, conv, norm = nn.Linear(300, 500), nn.Conv2d(30, 50, 3), nn.BatchNorm1d(1)
    norm(torch.tensor([[0.0], [2.0]]))  # mean 1, variance 1, or 2 without a bias
    return {
        "axes of images in a convolution": tuple(conv(torch.zeros(1, 30, 8, 9)).shape),
        "axes of a convolution kernel": tuple(conv.weight.shape),
        "axes of a dense kernel": tuple(dense.weight.shape),
        "dense kernel, initial": dense.weight.abs().max().item() * 300**0.5,
        "convolution kernel, initial": conv.weight.abs().max().item() * (30 * 9) ** 0.5,
        "dense bias, initial": dense.bias.abs().max().item() * 300**0.5,
        "He normal": nn.init.kaiming_normal_(torch.empty(500, 300)).numpy(),
        'padding "same" with stride 2 adds a zero': strided(),
        "BatchNorm: part of the new statistics": norm.running_mean.item(),
        "BatchNorm: epsilon": norm.eps,
        "BatchNorm: running variance": (norm.running_var.item() - (1 - norm.momentum)) / norm.momentum,
        "LayerNorm: epsilon": nn.LayerNorm(1).eps,
        "dropout of a plain call": float((nn.Dropout(0.5)(torch.ones(10_000)) == 0).float().mean()),
        "a step is compiled": dense._compiled_call_impl is not None,
    }


def functions():
    """Return what functions compute where nothing is stated."""
    logits, labels = torch.tensor([[0.0, 40.0], [40.0, 0.0]]), torch.tensor([0, 0])
    q = torch.linspace(0, 1, 8, dtype=torch.float64).reshape(1, 1, 4, 2)
    weights = (q[0, 0] @ q[0, 0].T / 2**0.5).exp()
    exact = weights / weights.sum(1, keepdim=True) @ q[0, 0]
    return {
        "GELU": F.gelu(torch.tensor(1.0)).item(),
        "attention in float64 computes in": float((F.scaled_dot_product_attention(q, q, q)[0, 0] - exact).abs().max()),
        "standard deviation": torch.std(torch.tensor([0.0, 2.0])).item(),
        "cross-entropy takes": F.cross_entropy(logits[:1], labels[:1]).item(),
        "cross-entropy of a batch": F.cross_entropy(logits, labels).item(),
        "a float64 array becomes": str(torch.tensor(np.zeros(1)).dtype).removeprefix("torch."),
        "a Python float becomes": str(torch.tensor(1.0).dtype).removeprefix("torch."),
    }


def optimizers():
    """Return defaults of optimizers, by signature or by one step of a parameter 0 with gradient 1."""
    adam, decay = signature(optim.Adam), 0.1
    exact = step(optim.Adam, 0.0, 1.0, lr=1.0, eps=1e-30)
    return {
        "Adam: learning rate": adam["lr"],
        "Adam: betas": "{}, {}".format(*adam["betas"]),
        "Adam: epsilon": adam["eps"],
        "Adam: epsilon is added": -step(optim.Adam, 0.0, 1.0, lr=1.0, eps=1.0),
        "Adam: betas in float64": abs(-exact - 1),
        "Adam: weight_decay": -step(optim.Adam, 1.0, 0.0, lr=1.0, weight_decay=decay),
        "AdamW: weight decay": signature(optim.AdamW)["weight_decay"],
        "RMSprop: decay": signature(optim.RMSprop)["alpha"],
        "SGD: learning rate": signature(optim.SGD)["lr"],
    }


def training():
    """Return how batches are drawn, and what a second backward() does."""
    loader = DataLoader(range(5), batch_size=2)
    x = torch.tensor(1.0, requires_grad=True)
    for _ in range(2):
        (1 * x).backward()
    return {
        "a second gradient": x.grad.item(),
        "last partial batch": len(list(loader)),
        "data are shuffled": not isinstance(loader.sampler, SequentialSampler),
    }


def strided():
    """Return the sums of 3 of the numbers 1 to 4, at every second place."""
    try:
        return F.conv1d(torch.arange(1.0, 5)[None, None], torch.ones(1, 1, 3), stride=2, padding="same")[0, 0].tolist()
    except RuntimeError:
        return "refused"


def signature(function):
    """Return parameter -> default."""
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def step(optimizer, start, gradient, **options):
    """Return the change of a float64 parameter by one step."""
    parameter = nn.Parameter(torch.tensor(start, dtype=torch.float64))
    parameter.grad = torch.tensor(gradient, dtype=torch.float64)
    optimizer([parameter], **options).step()
    return parameter.item() - start
