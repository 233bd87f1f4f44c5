"""A profile divides each moment among the kernels that run, and recognises their kinds by name, callers or program."""

import itertools

import numpy as np
import pytest

import impls
from harness.profiling.hlo import programs
from harness.profiling.kinds import CONVOLUTION, ELEMENTWISE, MATRIX, MOVEMENT, OPTIMIZER, kind, shares, whole
from harness.profiling.profile import accounted
from impls.contract import Settings
from impls.profiler import profiler
from tests.results import kept

PROGRAM = """HloModule jit_train_step, is_scheduled=true

FileNames
1 "impls/jax/mnist.py"
2 "site-packages/optax/_src/transform.py"

FunctionNames
1 "mlp"
2 "update_fn"

FileLocations
1 {file_name_id=1 function_name_id=1 line=30}
2 {file_name_id=2 function_name_id=2 line=40}

StackFrames
1 {file_location_id=1 parent_frame_id=1}
2 {file_location_id=2 parent_frame_id=1}

%fused (p: f32[2,2], q: f32[2,2]) -> f32[2,2] {
  %p = f32[2,2]{1,0} parameter(0)
  ROOT %dot.1 = f32[2,2]{1,0} dot(%p, %q), metadata={op_name="optimizer"}
}

ENTRY %main (a: f32[2,2]) -> f32[2,2] {
  %copy.4 = f32[2,2]{1,0} copy(%a)
  %ynn_fusion = f32[2,2]{1,0} fusion(%a, %copy.4), kind=kCustom, calls=%fused, metadata={stack_frame_id=1}
  %add_fusion = f32[2,2]{1,0} fusion(%a), kind=kLoop, calls=%other, metadata={op_name="add" stack_frame_id=2}
  ROOT %maximum = f32[2,2]{1,0} maximum(%a, %a), metadata={op_name="transpose(jvp())/max" stack_frame_id=1}
}
"""


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


def test_overhead_is_the_remainder_and_not_negative():
    assert whole({"a": 1.0}, 3.0, "rest") == {"a": 1.0, "rest": 2.0}
    with pytest.raises(ValueError, match="4"):
        whole({"a": 4.0}, 3.0, "rest")


@pytest.mark.parametrize(
    ("expected", "abouts"),
    {
        MATRIX: [
            "aten::linear > aten::addmm",
            "aten::linear > aten::addmm > aten::copy_",
            "gradient_tape/sequential/dense/MatMul/MatMul_1:MatMul",
            "mlp h1 = np.maximum(x @ params['dense_1/kernel'] + params['dense_1/bias'], 0)",
            "mlp.<locals>.backward da2 = dz @ params['dense_3/kernel'].T * (h2 > 0)",
        ],
        CONVOLUTION: [
            "autograd::engine::evaluate_function: ConvolutionBackward0 > aten::convolution_backward",
            "sequential/conv2d/Relu:_FusedConv2D",
            "convolve return (patches(x) @ kernel)",
        ],
        OPTIMIZER: [
            "Optimizer.step#Adam.step > aten::_fused_adam_",
            "Optimizer.apply > aten::mul",
            "adam/MatMul:MatMul",
            "Adam.step m += (1 - self.beta_1) * (g - m)",
        ],
        MOVEMENT: ["aten::to > aten::_to_copy > aten::copy_", "Reshape:Reshape"],
        ELEMENTWISE: [
            "aten::relu > aten::clamp_min",
            "gradient_tape/sequential/conv2d/ReluGrad:ReluGrad",
            "an unknown kernel",
        ],
    }.items(),
)
def test_kind_of_a_kernel(expected, abouts):
    assert {about: kind(about) for about in abouts} == dict.fromkeys(abouts, expected)


def test_kind_of_an_operation_of_xla_is_by_its_program(tmp_path):
    kept(tmp_path, PROGRAM, "module_0001.jit_train_step.cpu_after_optimizations.txt")
    known = programs(tmp_path)
    names = {"copy.4": MOVEMENT, "ynn_fusion": MATRIX, "add_fusion": OPTIMIZER, "maximum": ELEMENTWISE}
    assert {name: kind(known[f"jit_train_step {name}"]) for name in names} == names


@pytest.mark.parametrize(("seconds", "fits"), [(1.099, True), (1.11, False), (0.89, False)])
def test_profile_accounts_for_the_time_within_a_tenth(seconds, fits):
    assert accounted({"alone": 1.0, "seconds": seconds}) is fits


def test_lines_of_numpy_are_kernels_one_after_the_other(tmp_path):
    implementation = impls.load("numpy", Settings())
    batch = implementation.prepare_batch(np.zeros((8, 28, 28), "uint8"), np.zeros(8, "uint8"))
    found = profiler("numpy")(implementation, lambda: implementation.train_step(batch), str(tmp_path))
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    assert all(each.start <= each.end for each in found)
    calling = [each for each in found if each.about.startswith("train_step logits, backward = ")]
    assert len(calling) == 2, "before the model that it calls, and after it"
    assert {kind(each.about) for each in found} >= {MATRIX, OPTIMIZER, ELEMENTWISE}
    assert (tmp_path / "trace.json").exists()
