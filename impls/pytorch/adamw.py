"""AdamW in PyTorch (arXiv:1711.05101): two groups of parameters, and a hook that sets the rate before each step.

The training is that of impls/pytorch/mnist.py.
"""

import math

import torch
from torch import nn


def cosine(peak, warmup, steps, first, last):
    """Return a function, step t -> learning rate: a line up to `peak` at `warmup`, half a cosine down until `steps`.

    t counts from 0. The rate is `first` times `peak` at step 0, and `last` times `peak` from `steps` on.
    """

    def rate(t):
        if t < warmup:
            return peak * (first + (1 - first) * t / warmup)
        progress = (min(t, steps) - warmup) / (steps - warmup)  # 0 at the peak, 1 at the end
        return peak * (last + (1 - last) * (1 + math.cos(math.pi * progress)) / 2)

    return rate


def make_optimizer(model, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, weight_decay=1e-2):
    """Return AdamW, which decays the kernels of `model` alone. `learning_rate` is a number, or a function of the step.

    The step is Adam's own count, which `optimizer.state_dict` holds: a scheduler, with its own, would be saved too.
    """
    kernels = [module.weight for module in model.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    others = [parameter for parameter in model.parameters() if all(parameter is not kernel for kernel in kernels)]
    groups = [{"params": kernels, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    rate = learning_rate if callable(learning_rate) else lambda t: learning_rate
    optimizer = torch.optim.AdamW(groups, rate(0), (beta_1, beta_2), fused=True)

    def set_rate(optimizer, *_):
        for group in optimizer.param_groups:
            group["lr"] = rate(steps_taken(optimizer))

    optimizer.register_step_pre_hook(set_rate)
    return optimizer


def steps_taken(optimizer):
    """Return the number of steps of Adam, which it counts for each parameter."""
    return int(next((state["step"] for state in optimizer.state.values() if state), 0))
