"""PyTorch: on a CPU, fused Adam pairs the numbers of a parameter, m and v by memory order, and ignores their strides.

Measured with torch 2.15.0 and Python 3.11 on a CPU.

Expected: moments with equal numbers and other strides lead to the same step, as with `fused=False`. Or an error, as
a CUDA build raises: "params, grads, exp_avgs, and exp_avg_sqs must have same dtype, device, and layout".
Found: another step, without an error. `Optimizer.load_state_dict` keeps the strides of the state that it is given, so a
state that was made from transposed arrays trains wrongly.
Cause: the CPU kernel of `torch._fused_adam_` (aten/src/ATen/native/cpu/FusedAdamKernel.cpp, not in the wheel) takes
data pointers and a number of elements.
Known issue: not reported yet for CPUs, as far as a search showed on 2026-11-30. For CUDA's error: pytorch#106951.
Workaround: `torch.zeros_like(parameter).copy_(m)`.
"""

import sys

import torch


def step(fused, transposed):
    """Return a parameter, (2, 3), after one step from moments with equal numbers."""
    parameter = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
    optimizer = torch.optim.Adam([parameter], lr=0.1, fused=fused)
    m = v = torch.arange(1.0, 7.0).reshape(2, 3)
    if transposed:
        m = v = m.T.contiguous().T  # the same numbers, other strides
    optimizer.state[parameter] = {"step": torch.tensor(5.0), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return parameter.detach()


errors = {fused: (step(fused, True) - step(fused, False)).abs().max().item() for fused in (False, True)}
print(f"difference after a step of 0.1: expected 0, found {errors[True]:.1e}; not fused {errors[False]:.1e}")
sys.exit("fixed: the strides are respected" if errors[True] < 1e-7 else 0)
