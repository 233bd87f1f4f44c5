"""PyTorch: BatchNorm normalizes with the biased variance and stores the unbiased one.

This is a documented difference from Keras and Flax, and no bug.

Measured with torch 2.15.0, numpy 2.4.6 and Python 3.11 on a CPU.

Expected, as in Keras and Flax: a running variance that is the mean of the batches' biased variances.
Found: n / (n - 1) times as much, with n values per channel: 1.067 for 16 values, 1.00016 for 128 images of 7 x 7.
Cause: torch/nn/modules/batchnorm.py documents it in `BatchNorm1d`, lines 321 to 324, and no argument changes it. The
arithmetic is in C++ (aten/src/ATen/native/Normalization.cpp), which the wheel does not contain.
Known issue: pytorch#1410 (open since 2017).
Workaround: after each step `var += momentum * (biased - unbiased)`, from the variances of the layer's input.
"""

import sys

import numpy as np
import torch

x = np.random.default_rng(0).normal(size=(16, 1))
layer = torch.nn.BatchNorm1d(1, momentum=1.0, dtype=torch.float64)
layer(torch.from_numpy(x))
found, biased, unbiased = layer.running_var.item(), x.var(), x.var(ddof=1)
print(f"running variance of 16 values: expected {biased:.16f} (biased), found {found:.16f}")
print(f"found / biased - 1 = {found / biased - 1:.1e}, found / unbiased - 1 = {found / unbiased - 1:.1e}")
sys.exit("fixed: the running variance is the biased one" if abs(found / biased - 1) < 1e-12 else 0)
