"""MNIST is found in the forms that users have, and a damaged file is named with its flaw."""

import gzip
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.data.found import find
from harness.data.idx import BYTES, DataError
from impls.files import read_dataset
from tests.stranger import forbidden, public_folder

NAMES = TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = tuple(BYTES)
public = pytest.fixture(public_folder)


@pytest.fixture(scope="module")
def raw(dataset):
    return Path(dataset.directory) / "MNIST" / "raw"


@pytest.fixture(scope="module")
def originals(raw):
    return {name: (raw / name).read_bytes() for name in NAMES}


@pytest.fixture(scope="module")
def packed(tmp_path_factory, dataset, originals):
    """A folder with NAME.gz, Keras' mnist.npz, and a zip file with the layout of Kaggle's."""
    folder = tmp_path_factory.mktemp("packed")
    for name in NAMES:
        (folder / f"{name}.gz").write_bytes(gzip.compress(originals[name], 1))
    (x_train, y_train), (x_test, y_test) = read_dataset(dataset.directory)
    np.savez(folder / "mnist.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"__MACOSX/._{TRAIN_IMAGES}", "metadata of another system")
        for name in NAMES:
            archive.writestr(f"{name}/{name.replace('-idx', '.idx')}", originals[name])
    return folder


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.fixture
def place(tmp_path, raw):
    """A folder with the four raw files."""
    for name in NAMES:
        link(tmp_path / "place" / name, raw / name)
    return tmp_path / "place"


@pytest.mark.parametrize("layout", ["{dotted}", "{upper}", "{split}/{name}.gz", "MNIST/raw/{name}/{dotted}"])
def test_files_are_found_in_each_layout(tmp_path, raw, packed, originals, layout):
    for name in NAMES:
        words = {"name": name, "dotted": name.replace("-idx", ".idx"), "upper": name.upper(), "split": name[:5]}
        link(tmp_path / layout.format(**words), packed / f"{name}.gz" if layout.endswith(".gz") else raw / name)
    assert find(tmp_path) == originals


@pytest.mark.parametrize("file", ["mnist.npz", "archive.zip"])
def test_archive_is_found_below_a_folder_or_by_itself(tmp_path, packed, originals, file):
    assert find(packed / file) == originals
    link(tmp_path / ".keras" / "datasets" / file, packed / file)
    assert find(tmp_path) == originals


def test_intact_copy_of_a_damaged_file_is_taken(place, packed, originals):
    (place / TRAIN_IMAGES).unlink()
    (place / TRAIN_IMAGES).write_bytes(originals[TRAIN_IMAGES][:1000])
    link(place / f"{TRAIN_IMAGES}.gz", packed / f"{TRAIN_IMAGES}.gz")
    assert find(place) == originals


@pytest.mark.parametrize(
    "damaged",
    [
        lambda path, content: path.write_bytes(content[:-1] + bytes([content[-1] ^ 1])),
        lambda path, content: path.write_bytes(gzip.compress(content)[:-20]),
        lambda path, _: path.write_bytes(gzip.compress(bytes(10**8), 1)),
        lambda path, _: path.symlink_to(path),
        lambda path, _: os.mkfifo(path),
        lambda path, _: (path.touch(), os.truncate(path, 10**12)),
    ],
    ids=["bit-flip", "truncated-gzip", "gzip-bomb", "link-to-itself", "pipe", "huge"],
)
def test_damaged_file_is_named(place, originals, damaged):
    (place / TEST_LABELS).unlink()
    damaged(place / TEST_LABELS, originals[TEST_LABELS])
    with pytest.raises(DataError, match=str(place / TEST_LABELS)):
        find(place)


def test_damage_in_mnist_is_named_before_fashion_mnist(place):
    (place / TRAIN_IMAGES).unlink()
    for folder in ("FashionMNIST", "MNIST"):
        (place / folder).mkdir()
        (place / folder / TRAIN_IMAGES).write_bytes(b"damaged")
    with pytest.raises(DataError, match=f"{place}/MNIST/.*{place}/FashionMNIST/"):
        find(place)


@pytest.mark.parametrize(
    "built",
    [
        Path.exists,
        Path.mkdir,
        lambda path: path.write_bytes(b"PK\3\4" + bytes(10_000)),
        lambda path: np.savez(path, x_train=np.array([print], object)),
        os.mkfifo,
    ],
    ids=["nothing", "empty", "broken-npz", "npz-of-objects", "pipe"],
)
def test_place_without_mnist_is_refused(tmp_path, built):
    built(tmp_path / "place.npz")
    for path in (tmp_path, tmp_path / "place.npz"):
        with pytest.raises(DataError, match=str(path)):
            find(path)


def test_unreadable_folder_is_named(public):
    inner = public / "place" / "MNIST"
    inner.mkdir(parents=True)
    for searched in (inner, inner.parent):
        with forbidden(inner.parent), pytest.raises(DataError, match="Permission denied"):
            find(searched)


def test_links_that_lead_back_end(place):
    link(place / "again", place)
    (place / TEST_LABELS).unlink()
    with pytest.raises(DataError, match=f"lacks {TEST_LABELS}"):
        find(place)
