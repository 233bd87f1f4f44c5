"""What each framework loads and trains on is MNIST, byte by byte."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from harness.data.idx import idx_bytes
from harness.plugin.stash import DISPLAY
from impls.contract import DATASET
from impls.files import read_dataset


def assert_canonical(loaded, dataset):
    for split, arrays in zip((dataset.train, dataset.test), loaded, strict=True):
        for reference, array in zip(split, arrays, strict=True):
            assert array.dtype == np.uint8, f"{reference.split} {reference.kind}"
            np.testing.assert_array_equal(array, reference.array(), err_msg=f"{reference.split} {reference.kind}")


def test_files_hash_to_mnist(dataset):
    names = iter(DATASET.files)
    for split in (dataset.train, dataset.test):
        for reference in split:
            name = next(names)
            assert hashlib.sha256(idx_bytes(reference.array())).hexdigest() == DATASET.files[name]


def test_every_digit_occurs_as_often_as_in_mnist(dataset):
    counts = np.bincount(dataset.test.labels.array(), minlength=10)
    assert counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_loaded_dataset_is_mnist(framework, dataset):
    """By its own loader; where that cannot get its archive, the substitute, and then a note says so."""
    assert_canonical(framework.load_dataset(dataset.directory), dataset)


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


@pytest.mark.network
def test_own_loader_without_substitute(framework, dataset, request):
    """Keras fetches its one archive itself: on a network it must come, and hold the same bytes."""
    notes = request.config.stash[DISPLAY].notes
    notes.clear()
    assert_canonical(framework.load_dataset(dataset.directory), dataset)
    assert not notes, f"{framework.name} was handed a substitute: {list(notes)}"
