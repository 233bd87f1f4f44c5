"""Every variant builds the same network: as many parameters, in arrays of the same names, shapes and dtype."""

import numpy as np
import pytest

from harness.equality.training import overwrite_parameters


def test_parameter_count_by_the_framework(framework):
    assert framework.parameter_count() == framework.network.parameter_count


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
    np.testing.assert_equal(framework.get_parameters(), wanted)


def test_parameters_are_a_copy(framework):
    before = {name: array.copy() for name, array in framework.get_parameters().items()}
    framework.run(overwrite_parameters)
    np.testing.assert_equal(framework.get_parameters(), before)


def test_hyperparameters_are_set_or_default(framework, dataset):
    """By each framework's own names: the learning rate and the betas of the settings, and an epsilon as shipped.

    The first step of Adam moves the parameter with the largest gradient by the learning rate.
    """
    shipped = framework.hyperparameters()
    framework = framework.with_settings(learning_rate=0.125, beta_1=0.25, beta_2=0.5)
    wanted, before = framework.hyperparameters(), framework.get_parameters()
    framework.fit(*dataset.train.first(framework.settings.batch_size), 1)
    moved = max(np.abs(array - before[name]).max() for name, array in framework.get_parameters().items())
    assert moved == pytest.approx(0.125, rel=1e-3)
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
