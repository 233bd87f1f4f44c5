"""What each framework loads and trains on is MNIST, byte by byte."""

import hashlib

import numpy as np
import pytest

from harness.data.idx import idx_bytes
from impls.contract import DATASET


def assert_canonical(loaded, dataset):
    train, test = loaded
    for reference, array in zip((*dataset.train, *dataset.test), (*train, *test), strict=True):
        assert array.dtype == np.uint8, f"{reference.split} {reference.kind}"
        np.testing.assert_array_equal(array, reference.array(), err_msg=f"{reference.split} {reference.kind}")


def test_files_hash_to_mnist(dataset):
    for array, digest in zip((*dataset.train, *dataset.test), DATASET.files.values(), strict=True):
        assert hashlib.sha256(idx_bytes(array.array())).hexdigest() == digest


def test_loaded_dataset_is_mnist(framework, dataset):
    assert_canonical(framework.load_dataset(dataset.directory), dataset)


@pytest.mark.network
def test_downloaded_dataset_is_mnist(framework, dataset, tmp_path):
    """The tutorial finds no files, so it downloads its own."""
    assert_canonical(framework.load_dataset(str(tmp_path)), dataset)
