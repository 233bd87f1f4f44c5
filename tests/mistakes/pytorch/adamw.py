"""Mistakes in AdamW and its schedule with PyTorch."""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

import torch

from impls.pytorch.adamw import cosine, make_optimizer
from tests.mistakes import Mistake, catchers


class decay_of_biases_too(Mistake):
    caught_by = catchers.DECAYED

    def make_optimizer(model, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, weight_decay=1e-2):
        optimizer = make_optimizer(model, learning_rate, beta_1, beta_2, weight_decay)
        for group in optimizer.param_groups:
            group["weight_decay"] = weight_decay
        return optimizer


class decay_in_the_gradient(Mistake):
    """Coupled decay, L2 regularisation: Adam divides it by sqrt(v)."""

    caught_by = catchers.DECAYED

    def make_optimizer(model, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, weight_decay=1e-2):
        groups = make_optimizer(model, learning_rate, beta_1, beta_2, weight_decay).param_groups
        decays = [{"params": group["params"], "weight_decay": group["weight_decay"]} for group in groups]
        return torch.optim.Adam(decays, learning_rate, (beta_1, beta_2), fused=True)


class schedule_read_one_step_late(Mistake):
    caught_by = catchers.RATES

    def cosine(peak, warmup, steps, first, last):
        rate = cosine(peak, warmup, steps, first, last)
        return lambda t: rate(max(t - 1, 0))


class warmup_by_epoch(Mistake):
    caught_by = catchers.RATES

    def cosine(peak, warmup, steps, first, last):
        rate = cosine(peak, warmup, steps, first, last)
        return lambda t: rate(t if t >= 469 * warmup else t // 469)
