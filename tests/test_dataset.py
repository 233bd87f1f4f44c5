"""What each framework loads and trains on is MNIST, byte by byte."""

import hashlib

import numpy as np
import pytest

from harness.display import DISPLAY
from harness.mnist import SHA256
from harness.sources import idx_bytes


def assert_canonical(loaded, mnist):
    for split, arrays in zip((mnist.train, mnist.test), loaded, strict=True):
        for reference, array in zip(split, arrays, strict=True):
            assert array.dtype == np.uint8, f"{reference.split} {reference.kind}"
            np.testing.assert_array_equal(array, reference.array(), err_msg=f"{reference.split} {reference.kind}")


def test_files_hash_to_mnist(mnist):
    names = iter(SHA256)
    for split in (mnist.train, mnist.test):
        for reference in split:
            name = next(names)
            assert hashlib.sha256(idx_bytes(reference.array())).hexdigest() == SHA256[name]


def test_every_digit_occurs_as_often_as_in_mnist(mnist):
    counts = np.bincount(mnist.test.labels.array(), minlength=10)
    assert counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_what_a_framework_loads_is_mnist(framework, mnist):
    """By its own loader; where that cannot get its archive, the substitute, and then a note says so."""
    assert_canonical(framework.load_dataset(mnist.directory), mnist)


@pytest.mark.network
def test_own_loader_without_substitute(framework, mnist, request):
    """Keras fetches its one archive itself: on a network it must come, and hold the same bytes."""
    notes = request.config.stash[DISPLAY].notes
    notes.clear()
    assert_canonical(framework.load_dataset(mnist.directory), mnist)
    assert not notes, f"{framework.name} was handed a substitute: {list(notes)}"
