"""A profile divides each moment among the kernels that run, and recognises their kinds by name or callers."""

import itertools

import numpy as np
import pytest

import impls
from harness.profiling.kinds import CONVOLUTION, ELEMENTWISE, MATRIX, MOVEMENT, OPTIMIZER, kind, shares
from impls.contract import Settings
from impls.profiler import profiler


@pytest.mark.parametrize(
    ("kernels", "times"),
    [
        ([("a", 0, 10), ("b", 5, 10)], {"a": 7.5, "b": 2.5}),
        ([("a", 0, 10), ("a", 0, 10), ("b", 0, 10)], {"a": 20 / 3, "b": 10 / 3}),
        ([("a", 0, 1), ("b", 3, 4), ("a", 9, 9)], {"a": 1, "b": 1}),
    ],
)
def test_moment_is_divided_among_the_kernels_that_run(kernels, times):
    assert shares(kernels) == pytest.approx(times)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ("aten::linear > aten::addmm > aten::copy_", MATRIX),
        ("gradient_tape/sequential/dense/MatMul/MatMul_1:MatMul", MATRIX),
        ("mlp.<locals>.backward da2 = dz @ params['dense_3/kernel'].T * (h2 > 0)", MATRIX),
        ("autograd::engine::evaluate_function: ConvolutionBackward0 > aten::convolution_backward", CONVOLUTION),
        ("sequential/conv2d/Relu:_FusedConv2D", CONVOLUTION),
        ("Optimizer.step#Adam.step > aten::_fused_adam_", OPTIMIZER),
        ("adam/MatMul:MatMul", OPTIMIZER),
        ("aten::to > aten::_to_copy > aten::copy_", MOVEMENT),
        ("gradient_tape/sequential/conv2d/ReluGrad:ReluGrad", ELEMENTWISE),
        ("an unknown kernel", ELEMENTWISE),
    ],
)
def test_kind_of_a_kernel(about, expected):
    assert kind(about) == expected


@pytest.mark.parametrize(("network", "line"), [("mlp", "x.T @ da"), ("vit", "q @ k.mT"), ("resnet", "means @ ")])
def test_lines_of_numpy_are_kernels_one_after_the_other(tmp_path, network, line):
    implementation = impls.load("numpy", Settings(network=network))
    batch = implementation.prepare_batch(np.zeros((8, 28, 28), "uint8"), np.zeros(8, "uint8"))
    found = profiler("numpy")(implementation, lambda: implementation.train_step(batch), str(tmp_path))
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    assert all(each.start <= each.end for each in found)
    assert {kind(each.about) for each in found} >= {MATRIX, OPTIMIZER, ELEMENTWISE}
    assert any(line in each.about for each in found)
