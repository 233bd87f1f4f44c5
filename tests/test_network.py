"""Every variant builds the same network: as many parameters, in arrays of the same names, shapes and dtype."""

from itertools import pairwise

import numpy as np
import pytest

from harness.equality.training import overwrite_parameters
from impls.contract import LAYER_SIZES, NETWORKS, PARAMETER_COUNT, PARAMETER_NAMES


def test_the_mlp_has_the_parameters_that_its_layers_need():
    layers = pairwise(LAYER_SIZES)
    assert sum(inputs * outputs + outputs for inputs, outputs in layers) == NETWORKS["mlp"].parameter_count == 535_818
    assert (535_818, tuple(NETWORKS["mlp"].shapes)) == (PARAMETER_COUNT, PARAMETER_NAMES)


def test_the_cnn_has_the_parameters_that_its_layers_need():
    """Convolutions of 3 x 3 with 1, 32 and 64 channels; 7 x 7 pixels of 64 channels, 128 and 10."""
    convolutions, dense = 9 * (1 * 32 + 32 * 64) + 32 + 64, 3136 * 128 + 128 + 128 * 10 + 10
    assert convolutions + dense == NETWORKS["cnn"].parameter_count == 421_642


def test_the_vit_has_the_parameters_that_its_layers_need():
    """Patches of 49 pixels, 16 positions; in each of 2 blocks four products of 64 x 64, an MLP and two LayerNorms."""
    block = 4 * (64 * 64 + 64) + 64 * 128 + 128 + 128 * 64 + 64 + 2 * (64 + 64)
    assert 49 * 64 + 64 + 16 * 64 + 2 * block + 64 + 64 + 64 * 10 + 10 == NETWORKS["vit"].parameter_count == 71_946


def test_the_resnet_has_the_parameters_that_its_layers_need():
    """3 x 3 kernels, but 1 x 1 for the shortcut; scale, bias, mean and variance of each of 144 channels."""
    kernels = 9 * (1 * 16 + 2 * 16 * 16 + 16 * 32 + 32 * 32) + 16 * 32
    assert kernels + 2 * 144 + 32 * 10 + 10 == NETWORKS["resnet"].parameter_count == 19_706
    assert sum(size for (size,) in NETWORKS["resnet"].state.values()) == 2 * 144


def test_operations_of_a_training_image():
    """2 for each product and sum: forwards, for a kernel's gradient, and for that of its inputs but the images."""
    assert NETWORKS["mlp"].operations == 2 * (2 * 784 * 512 + 3 * 512 * 256 + 3 * 256 * 10)
    convolutions = 2 * 784 * 9 * 32 + 3 * 196 * 9 * 32 * 64
    assert NETWORKS["cnn"].operations == 2 * (convolutions + 3 * 3136 * 128 + 3 * 128 * 10)
    attention = 2 * 2 * 16 * 16 * 64  # two products of 16 x 16 tokens in each block
    tokens = 2 * 49 * 64 + 3 * 2 * (4 * 64 * 64 + 2 * 64 * 128)
    assert NETWORKS["vit"].operations == 2 * (16 * tokens + 3 * 64 * 10 + 3 * attention)


def test_parameter_count_by_the_framework(framework):
    assert framework.parameter_count() == framework.network.parameter_count


def test_parameter_count_by_summing_the_arrays(framework):
    assert sum(array.size for array in framework.get_parameters().values()) == framework.network.parameter_count


def test_parameter_names_and_shapes(framework):
    parameters = framework.get_parameters()
    assert tuple(parameters) == tuple(framework.network.shapes)
    assert {name: array.shape for name, array in parameters.items()} == framework.network.shapes


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameters_and_outputs_have_the_dtype_of_the_settings(framework, dataset, dtype):
    framework = framework.with_settings(dtype=dtype)
    images = dataset.test.images.first(2)
    arrays = framework.get_parameters() | {
        "preprocess": framework.preprocess(images),
        "logits": framework.logits(images),
        "probabilities": framework.probabilities(images),
    }
    assert {name: str(array.dtype) for name, array in arrays.items()} == dict.fromkeys(arrays, dtype)


def test_parameters_that_were_set_are_the_parameters(framework):
    random = np.random.default_rng(0)
    wanted = {name: random.normal(size=shape).astype("float32") for name, shape in framework.network.shapes.items()}
    framework.set_parameters(wanted)
    for name, array in framework.get_parameters().items():
        np.testing.assert_array_equal(array, wanted[name], err_msg=f"{framework.name}: {name}")


def test_parameters_are_a_copy(framework):
    before = {name: array.copy() for name, array in framework.get_parameters().items()}
    framework.run(overwrite_parameters)
    for name, array in framework.get_parameters().items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


def test_hyperparameters_are_set_or_default(framework):
    """By each framework's own names: the learning rate and the betas of the settings, and an epsilon as shipped."""
    shipped = framework.hyperparameters()
    wanted = framework.with_settings(learning_rate=0.125, beta_1=0.25, beta_2=0.5).hyperparameters()
    flat = [each for value in wanted.values() for each in (value if isinstance(value, tuple) else (value,))]
    assert {0.125, 0.25, 0.5} <= set(flat)
    changed = {name for name, value in wanted.items() if value != shipped[name]}
    assert len(changed) in (2, 3), "the learning rate and both betas, which PyTorch keeps together"
    assert next(value for name, value in shipped.items() if name.startswith("eps")) in (1e-7, 1e-8)


def test_parameters_depend_on_the_seed_alone(framework):
    first = next(iter(framework.network.shapes))
    kernels = [framework.with_settings(seed=seed).get_parameters()[first] for seed in (1, 2, 1)]
    np.testing.assert_array_equal(kernels[0], kernels[2])
    assert (kernels[0] != kernels[1]).any()
