"""MNIST and the networks for it have the numbers that are known of them."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from impls.contract import NETWORKS
from impls.files import read_dataset


def test_every_digit_occurs_as_often_as_in_mnist(dataset):
    counts = np.bincount(dataset.test.labels.array(), minlength=10)
    assert counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_files_of_another_form_are_not_read(tmp_path, dataset):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (Path(dataset.directory) / "MNIST" / "raw").iterdir():
        (raw / path.name).symlink_to(path)
    images = raw / "t10k-images-idx3-ubyte"
    content = images.read_bytes()
    images.unlink()
    with pytest.raises(FileNotFoundError, match="t10k-images-idx3-ubyte"):
        read_dataset(tmp_path)
    images.write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte must have 7,840,016 bytes, got 7,840,015"):
        read_dataset(tmp_path)
    images.write_bytes(b"\x93NUMPY" + content[6:])
    with pytest.raises(ValueError, match=r"must begin with 00000803000027100000001c0000001c, got 934e554d5059"):
        read_dataset(tmp_path)


def test_the_mlp_has_the_parameters_that_its_layers_need():
    layers = pairwise((784, 512, 256, 10))
    assert sum(inputs * outputs + outputs for inputs, outputs in layers) == NETWORKS["mlp"].parameter_count == 535_818


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
